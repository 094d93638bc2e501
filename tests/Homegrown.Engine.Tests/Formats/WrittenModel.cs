using Homegrown.Engine.Formats;

namespace Homegrown.Engine.Tests.Formats;

/// <summary>A file written by <see cref="GgufWriter"/> and opened, in a folder of its own.</summary>
sealed class WrittenModel : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("homegrown-gguf-").FullName;

    WrittenModel(Action<GgufWriter> write, int alignment)
    {
        Path = System.IO.Path.Combine(folder, "model.gguf");
        Write(Path, write, alignment);
        File = GgufFile.Open(Path);
    }

    internal static WrittenModel With(Action<GgufWriter> write, int alignment = 32) => new(write, alignment);

    internal string Path { get; }

    internal GgufFile File { get; }

    internal static void Write(string path, Action<GgufWriter> write, int alignment = 32)
    {
        using var stream = System.IO.File.Create(path);
        var writer = new GgufWriter(stream, alignment);
        write(writer);
        writer.Finish();
    }

    public void Dispose()
    {
        File.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}
