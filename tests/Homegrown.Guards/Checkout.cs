using System.Text;
using System.Xml.Linq;
using Homegrown.Testing;

namespace Homegrown.Guards;

/// <summary>The text that people wrote: contents by path from the root, with forward slashes. Built and fetched things are left out.</summary>
sealed class Checkout
{
    static readonly string[] LeftOut = [".git", ".vs", ".idea", "bin", "obj", "artifacts", "node_modules", "TestResults", "BenchmarkDotNet.Artifacts"];

    public Checkout(IReadOnlyDictionary<string, string> files)
    {
        Files = files;
        Projects = [.. files.Where(file => file.Key.EndsWith(".csproj")).Select(file => new Project(file.Key, XElement.Parse(file.Value)))];
    }

    /// <summary>The checkout that these tests were built from.</summary>
    public static Checkout Ours { get; } = new(Read(new(Repository.Root)).ToDictionary());

    public IReadOnlyDictionary<string, string> Files { get; }

    public IReadOnlyList<Project> Projects { get; }

    /// <summary>The C# files, each with its project; fixtures are data.</summary>
    public IEnumerable<(Project Project, string Path, string Text)> Sources
        => from project in Projects
           from file in Files
           where file.Key.StartsWith(project.Folder + "/") && file.Key.EndsWith(".cs") && !file.Key.StartsWith("tests/Fixtures/")
           select (project, file.Key, file.Value);

    static IEnumerable<KeyValuePair<string, string>> Read(DirectoryInfo folder)
    {
        foreach (var entry in folder.EnumerateFileSystemInfos())
        {
            if (LeftOut.Contains(entry.Name)) continue;
            if (entry is DirectoryInfo inner)
            {
                foreach (var file in Read(inner)) yield return file;
            }
            else if (Text(entry.FullName) is { } text)
            {
                yield return new(Path.GetRelativePath(Repository.Root, entry.FullName).Replace('\\', '/'), text);
            }
        }
    }

    /// <summary>Null where the file is no text: a model, an image, numbers.</summary>
    static string? Text(string path)
    {
        using var stream = File.OpenRead(path);
        var head = new byte[Math.Min(stream.Length, 4096)];
        stream.ReadExactly(head);
        return head.Contains((byte)0) || Path.GetExtension(path) == ".f32" ? null : File.ReadAllText(path, Encoding.UTF8);
    }
}

/// <summary>A project file.</summary>
sealed record Project(string Path, XElement Xml)
{
    public string Name => System.IO.Path.GetFileNameWithoutExtension(Path);

    /// <summary>From the root.</summary>
    public string Folder => Path[..Path.LastIndexOf('/')];

    public string RootNamespace => Property("RootNamespace") ?? Name;

    /// <summary>Names of the projects that it refers to.</summary>
    public IEnumerable<string> References
        => Items("ProjectReference").Select(reference => System.IO.Path.GetFileNameWithoutExtension((string)reference.Attribute("Include")!));

    public IEnumerable<XElement> Items(string name) => Xml.Descendants(name);

    public string? Property(string name) => Xml.Descendants(name).LastOrDefault()?.Value;
}
