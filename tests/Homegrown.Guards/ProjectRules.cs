namespace Homegrown.Guards;

/// <summary>What project files may say: the drawing in docs/architecture.md. Each rule gives its breaches, one line each.</summary>
static class ProjectRules
{
    /// <summary>Who refers to whom. A project that is not here is a breach: a new one is a decision about boundaries.</summary>
    static readonly Dictionary<string, string[]> MayReferTo = new()
    {
        ["src/Homegrown.Kernels"] = [],
        ["src/Homegrown.Engine"] = ["Homegrown.Kernels"],
        ["src/Homegrown.Server"] = ["Homegrown.Engine"],
        ["src/Homegrown.Cli"] = ["Homegrown.Server"],
        ["tests/Shared"] = [],
        ["tests/Homegrown.Guards"] = ["Homegrown.Testing"],
        ["bench/Homegrown.Benchmarks"] = ["Homegrown.Engine"],
        ["samples/InProcess"] = ["Homegrown.Engine"],
    };

    static readonly string[] Unsafe = ["Homegrown.Kernels", "Homegrown.Kernels.Tests"];

    public static IEnumerable<string> ReferencesFollowTheDrawing(Checkout checkout)
    {
        foreach (var project in checkout.Projects)
        {
            if (Allowed(project) is not { } allowed) yield return $"{project.Path} is not in the drawing";
            else foreach (var reference in project.References.Except(allowed)) yield return $"{project.Path} refers to {reference}";
        }
    }

    public static IEnumerable<string> TestProjectsMirrorSources(Checkout checkout)
    {
        var names = checkout.Projects.Select(project => project.Name).ToHashSet();
        foreach (var project in checkout.Projects)
        {
            if (project.Folder != $"{project.Folder.Split('/')[0]}/{project.Name}" && project.Folder != "tests/Shared")
                yield return $"{project.Path} is not in a folder of its name";
            if (Tested(project) is { } tested && !names.Contains(tested)) yield return $"{project.Path} tests {tested}, which does not exist";
            if (project.Folder.StartsWith("src/") && !names.Contains(project.Name + ".Tests")) yield return $"{project.Path} has no tests";
        }
    }

    public static IEnumerable<string> ProjectsHaveCode(Checkout checkout)
        => from project in checkout.Projects
           where !checkout.Sources.Any(source => source.Project == project)
           select $"{project.Path} has no code";

    public static IEnumerable<string> ProjectsAreInTheSolution(Checkout checkout)
    {
        var solution = checkout.Files["Homegrown.slnx"];
        return from project in checkout.Projects
               where !solution.Contains($"\"{project.Path}\"")
               select $"{project.Path} is not in Homegrown.slnx";
    }

    public static IEnumerable<string> PackagesAreLocked(Checkout checkout)
        => from project in checkout.Projects
           where !checkout.Files.ContainsKey(project.Folder + "/packages.lock.json")
           select $"{project.Folder} has no packages.lock.json";

    public static IEnumerable<string> VersionsAreCentral(Checkout checkout)
        => from project in checkout.Projects
           from package in project.Items("PackageReference")
           where package.Attributes().Concat<object>(package.Elements()).Any(part => part.ToString()!.Contains("Version"))
           select $"{project.Path} gives {package.Attribute("Include")?.Value} a version, which belongs in Directory.Packages.props";

    public static IEnumerable<string> OnlyKernelsAreUnsafeAndUnchecked(Checkout checkout)
        => from project in checkout.Projects
           where !Unsafe.Contains(project.Name)
           from property in (string[])["AllowUnsafeBlocks", "CheckForOverflowUnderflow"]
           where project.Property(property) is not null
           select $"{project.Path} sets {property}";

    public static IEnumerable<string> TheWebFrameworkStaysInTheServer(Checkout checkout)
        => from project in checkout.Projects
           where !project.Name.StartsWith("Homegrown.Server")
           where project.Items("FrameworkReference").Any() || project.Items("PackageReference").Any(IsWeb) || (string?)project.Xml.Attribute("Sdk") != "Microsoft.NET.Sdk"
           select $"{project.Path} brings a framework of its own";

    static bool IsWeb(System.Xml.Linq.XElement package) => ((string?)package.Attribute("Include"))?.StartsWith("Microsoft.AspNetCore") == true;

    static string[]? Allowed(Project project)
        => Tested(project) is { } tested ? [tested, "Homegrown.Testing"] : MayReferTo.GetValueOrDefault(project.Folder);

    static string? Tested(Project project)
        => project.Folder.StartsWith("tests/") && project.Name.EndsWith(".Tests") ? project.Name[..^".Tests".Length] : null;
}
