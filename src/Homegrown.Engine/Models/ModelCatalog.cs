using Homegrown.Engine.Folders;
using Homegrown.Engine.Formats;

namespace Homegrown.Engine.Models;

/// <summary>All architectures: adding one is its file and a row here.</summary>
public static class ModelCatalog
{
    public static IReadOnlyList<Architecture> All { get; } =
    [
        Llama.Architecture,
        Qwen2.Architecture,
    ];

    /// <summary>The architecture that a source names.</summary>
    /// <exception cref="ModelFileException">None of them.</exception>
    public static Architecture Find(ModelSource source)
        => All.FirstOrDefault(architecture => architecture.Id == source.Architecture)
            ?? throw source.Keys.Error("general.architecture", Unknown(source.Architecture, All.Select(architecture => architecture.Id)));

    /// <summary>The architecture and the reading of a model folder.</summary>
    /// <exception cref="ModelFileException">None of them.</exception>
    internal static (Architecture, FolderMap) Find(FolderConfig config)
    {
        foreach (var architecture in All)
            foreach (var map in architecture.Folders)
                if (map.ModelTypes.Contains(config.ModelType)) return (architecture, map);
        throw config.Error("model_type", Unknown(config.ModelType, All.SelectMany(architecture => architecture.Folders).SelectMany(map => map.ModelTypes)));
    }

    static string Unknown(string id, IEnumerable<string> known)
    {
        string[] all = [.. known.Order(StringComparer.Ordinal)];
        return $"'{id}' is not supported; the nearest is '{Nearest(id, all)}' (supported: {string.Join(", ", all)})";
    }

    /// <summary>The one with the longest common beginning, and of these the shortest.</summary>
    static string? Nearest(string id, string[] known) => known.MaxBy(one => (one.Zip(id).TakeWhile(pair => pair.First == pair.Second).Count() * 1000) - one.Length);
}
