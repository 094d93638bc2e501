namespace Homegrown.Engine.Models;

/// <summary>All architectures: adding one is its file and a row here.</summary>
public static class ModelCatalog
{
    public static IReadOnlyList<Architecture> All { get; } =
    [
        Llama.Architecture,
        Qwen2.Architecture,
    ];

    /// <summary>The architecture that a file names.</summary>
    /// <exception cref="Formats.ModelFileException">None of them.</exception>
    public static Architecture Find(ModelMetadata metadata)
        => All.FirstOrDefault(architecture => architecture.Id == metadata.Architecture)
            ?? throw metadata.Unsupported(All.Select(architecture => architecture.Id));
}
