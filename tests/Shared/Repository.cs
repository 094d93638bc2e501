using System.Runtime.CompilerServices;
using Xunit;

namespace Homegrown.Testing;

/// <summary>Where things are: the checkout, its embedded model, and the larger fixtures beside it, which may be absent.</summary>
public static class Repository
{
    /// <summary>The root folder of the checkout.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The embedded default model.</summary>
    public static string Model { get; } = Path.Combine(Root, "models", "SmolLM2-135M-Instruct.Q4_1.gguf");

    /// <summary>A file of tests/Fixtures, always there.</summary>
    public static string Fixture(params ReadOnlySpan<string> parts) => Path.Combine([Root, "tests", "Fixtures", .. parts]);

    /// <summary>A file or folder of the fixtures beside the checkout; the test is skipped, visibly, where they are absent.</summary>
    public static string Shared(params ReadOnlySpan<string> parts)
    {
        var path = Path.Combine([Root, "..", "shared", "fixtures", .. parts]);
        Assert.SkipUnless(Path.Exists(path), $"shared/fixtures/{string.Join('/', parts)} is not beside the checkout");
        return Path.GetFullPath(path);
    }

    static string FindRoot([CallerFilePath] string thisFile = "")
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
            if (File.Exists(Path.Combine(folder, "Homegrown.slnx"))) return folder;
        throw new DirectoryNotFoundException($"No Homegrown.slnx above {AppContext.BaseDirectory} ({thisFile}).");
    }
}
