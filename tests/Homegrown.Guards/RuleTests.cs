namespace Homegrown.Guards;

public sealed class RuleTests
{
    static readonly Func<Checkout, IEnumerable<string>>[] Rules =
    [
        ProjectRules.ReferencesFollowTheDrawing,
        ProjectRules.TestProjectsMirrorSources,
        ProjectRules.ProjectsHaveCode,
        ProjectRules.ProjectsAreInTheSolution,
        ProjectRules.PackagesAreLocked,
        ProjectRules.VersionsAreCentral,
        ProjectRules.OnlyKernelsAreUnsafeAndUnchecked,
        ProjectRules.TheWebFrameworkStaysInTheServer,
        SourceRules.NamespacesMirrorFolders,
        SourceRules.UnsafeStaysInKernels,
        SourceRules.FilesAreReadAtOneSitting,
        SourceRules.NothingNamesAMachine,
        SourceRules.PackagesComeFromPublicRegistries,
        SourceRules.TestsDoNotWaitForTheClock,
        SourceRules.SkippedTestsSayWhy,
    ];

    const string Project = """<Project Sdk="Microsoft.NET.Sdk"></Project>""";
    const string Class = "namespace Homegrown.Engine;\n\nsealed class Thing;\n";

    const string Home = "/home" + "/ada/";   // in two halves, for this file is under the rule too

    public static TheoryData<string> Names => [.. Rules.Select(rule => rule.Method.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_checkout_keeps(string rule)
    {
        var breaches = Rules.Single(r => r.Method.Name == rule)(Checkout.Ours).ToArray();
        Assert.True(breaches.Length == 0, string.Join('\n', breaches));
    }

    [Fact]
    public void A_house_in_order_has_no_breach() => Assert.Empty(Breaches(House()));

    [Theory]
    [InlineData("src/Homegrown.Kernels/Homegrown.Kernels.csproj",
        """<Project Sdk="Microsoft.NET.Sdk"><ItemGroup><ProjectReference Include="../Homegrown.Engine/Homegrown.Engine.csproj" /></ItemGroup></Project>""",
        "src/Homegrown.Kernels/Homegrown.Kernels.csproj refers to Homegrown.Engine")]
    [InlineData("src/Homegrown.Core/Homegrown.Core.csproj", Project,
        "src/Homegrown.Core/Homegrown.Core.csproj is not in the drawing",
        "src/Homegrown.Core/Homegrown.Core.csproj has no tests",
        "src/Homegrown.Core/Homegrown.Core.csproj has no code",
        "src/Homegrown.Core/Homegrown.Core.csproj is not in Homegrown.slnx",
        "src/Homegrown.Core has no packages.lock.json")]
    [InlineData("src/Homegrown.Engine/Homegrown.Engine.csproj",
        """<Project Sdk="Microsoft.NET.Sdk"><ItemGroup><PackageReference Include="Iced" VersionOverride="1.21" /></ItemGroup></Project>""",
        "src/Homegrown.Engine/Homegrown.Engine.csproj gives Iced a version, which belongs in Directory.Packages.props")]
    [InlineData("src/Homegrown.Engine/Homegrown.Engine.csproj",
        """<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><AllowUnsafeBlocks>true</AllowUnsafeBlocks></PropertyGroup></Project>""",
        "src/Homegrown.Engine/Homegrown.Engine.csproj sets AllowUnsafeBlocks")]
    [InlineData("src/Homegrown.Engine/Homegrown.Engine.csproj",
        """<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><CheckForOverflowUnderflow>false</CheckForOverflowUnderflow></PropertyGroup></Project>""",
        "src/Homegrown.Engine/Homegrown.Engine.csproj sets CheckForOverflowUnderflow")]
    [InlineData("src/Homegrown.Engine/Homegrown.Engine.csproj",
        """<Project Sdk="Microsoft.NET.Sdk"><ItemGroup><FrameworkReference Include="Microsoft.AspNetCore.App" /></ItemGroup></Project>""",
        "src/Homegrown.Engine/Homegrown.Engine.csproj brings a framework of its own")]
    [InlineData("src/Homegrown.Engine/Models/Qwen3.cs", Class,
        "src/Homegrown.Engine/Models/Qwen3.cs is in namespace Homegrown.Engine, not Homegrown.Engine.Models")]
    [InlineData("src/Homegrown.Engine/Thing.cs", "sealed class Thing;\n", "src/Homegrown.Engine/Thing.cs is in namespace , not Homegrown.Engine")]
    [InlineData("src/Homegrown.Engine/Thing.cs", "namespace Homegrown.Engine;\n\n// unsafe\nunsafe class Thing;\n",
        "src/Homegrown.Engine/Thing.cs is unsafe: unsafe class Thing;")]
    [InlineData("docs/lab.md", $"It ran in {Home}models/ then.", $"docs/lab.md names a folder of a machine: {Home}")]
    [InlineData("nuget.config", """<add key="ours" value="https://packages.example/v3/index.json" />""", "nuget.config takes packages from packages.example")]
    [InlineData("tests/Homegrown.Engine.Tests/ThingTests.cs", "namespace Homegrown.Engine.Tests;\n\nTask.Delay(50);\n",
        "tests/Homegrown.Engine.Tests/ThingTests.cs waits: Task.Delay(50);")]
    [InlineData("tests/Homegrown.Engine.Tests/ThingTests.cs", "namespace Homegrown.Engine.Tests;\n\n[Fact(Skip = \"\")]\n",
        "tests/Homegrown.Engine.Tests/ThingTests.cs skips without a reason: Skip = \"\"")]
    public void A_breach_is_named(string path, string text, params string[] breaches)
    {
        var house = House();
        house[path] = text;
        Assert.Equal(breaches.Order(), Breaches(house).Order());
    }

    [Fact]
    public void A_long_file_is_a_breach_unless_it_was_generated()
    {
        var house = House();
        house["src/Homegrown.Engine/Thing.cs"] = Class + new string('\n', 500);
        Assert.Equal(["src/Homegrown.Engine/Thing.cs has 503 lines, 500 is the wall"], Breaches(house));
        house["src/Homegrown.Engine/Thing.cs"] = "// <auto-generated/>\n" + house["src/Homegrown.Engine/Thing.cs"];
        Assert.Empty(Breaches(house));
    }

    [Fact]
    public void Sizes_of_the_tree()
    {
        var output = TestContext.Current.TestOutputHelper!;
        output.WriteLine($"{"",-32}{"files",8}{"lines",8}{"median",8}{"longest",9}");
        foreach (var project in Checkout.Ours.Sources.GroupBy(source => source.Project.Folder))
        {
            int[] lines = [.. project.Select(source => SourceRules.LineCount(source.Text)).Order()];
            output.WriteLine($"{project.Key,-32}{lines.Length,8}{lines.Sum(),8}{lines[lines.Length / 2],8}{lines[^1],9}");
        }

        Assert.All(Checkout.Ours.Sources, source => Assert.True(source.Text.EndsWith('\n'), $"{source.Path} ends within a line"));
    }

    static string[] Breaches(Dictionary<string, string> files) => [.. Rules.SelectMany(rule => rule(new(files)))];

    static Dictionary<string, string> House()
    {
        var files = new Dictionary<string, string>();
        foreach (var (folder, name) in ((string, string)[])[("src", "Homegrown.Kernels"), ("src", "Homegrown.Engine"), ("tests", "Homegrown.Kernels.Tests"), ("tests", "Homegrown.Engine.Tests")])
        {
            files[$"{folder}/{name}/{name}.csproj"] = Project;
            files[$"{folder}/{name}/Thing.cs"] = Class.Replace("Homegrown.Engine", name);
            files[$"{folder}/{name}/packages.lock.json"] = "{}";
        }

        files["Homegrown.slnx"] = string.Concat(files.Keys.Where(path => path.EndsWith(".csproj")).Select(path => $"<Project Path=\"{path}\" />"));
        return files;
    }
}
