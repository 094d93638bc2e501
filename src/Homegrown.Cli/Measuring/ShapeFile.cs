using Homegrown.Engine.Shapes;

namespace Homegrown.Cli.Measuring;

/// <summary>The file of a model of a known shape with random weights: a temporary one, gone when disposed, or one to keep.</summary>
sealed class ShapeFile : IDisposable
{
    readonly bool keep;

    ShapeFile(string path, bool keep) => (Path, this.keep) = (path, keep);

    public string Path { get; }

    /// <param name="shape">The model's name.</param>
    /// <param name="type">Of its weights.</param>
    /// <param name="kept">Where to keep it; null makes a temporary file.</param>
    /// <exception cref="UsageException">No such name or type, or the file to keep exists already.</exception>
    public static ShapeFile Write(string shape, string type, string? kept, Terminal terminal, bool quiet, CancellationToken cancellation)
    {
        var (model, mix) = Find(shape, type);
        if (File.Exists(kept)) throw new UsageException($"--keep: {kept} exists; remove it, or measure it with 'homegrown bench {kept}'.");
        var path = kept ?? System.IO.Path.Combine(Directory.CreateTempSubdirectory("homegrown-").FullName, $"{model.Name}.{mix.Name}.gguf");
        var file = new ShapeFile(path, keep: kept is not null);
        try
        {
            using var stream = File.Create(path);
            var random = new RandomModel(model, mix);
            using var progress = new ProgressLine(terminal, $"writing {model.Name} as {mix.Name}", (int)(random.Bytes / 1_000_000), "MB", quiet);
            random.Write(stream, bytes => progress.Report((int)(bytes / 1_000_000)), cancellation);
            return file;
        }
        catch
        {
            file.Delete();
            throw;
        }
    }

    public void Dispose()
    {
        if (!keep) Delete();
    }

    void Delete()
    {
        File.Delete(Path);
        if (!keep) Directory.Delete(System.IO.Path.GetDirectoryName(Path)!);
    }

    static (ModelShape Model, TypeMix Mix) Find(string name, string type)
    {
        var model = ModelShape.All.FirstOrDefault(known => known.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            ?? throw new UsageException($"--shape: there is no shape '{name}'; there is {string.Join(", ", ModelShape.All.Select(known => known.Name))}.");
        var mix = TypeMix.All.FirstOrDefault(known => known.Name.Equals(type, StringComparison.OrdinalIgnoreCase))
            ?? throw new UsageException($"--type: there is no type '{type}'; there is {string.Join(", ", TypeMix.All.Select(known => known.Name))}.");
        return (model, mix);
    }
}
