using Homegrown.Engine.Cache;
using Homegrown.Engine.Folders;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;

namespace Homegrown.Engine.Models;

/// <summary>A language model: rows of tokens in, logits of the wanted rows out.</summary>
public abstract class Decoder
{
    /// <summary>What a position costs in the cache.</summary>
    public abstract KvShape KvShape { get; }

    /// <summary>Runs the batch and returns the logits of its sampled rows, [sampled, vocabulary], valid until the batch is cleared.</summary>
    public abstract Tensor Forward(Batch batch);
}

/// <summary>A family: the ids that files give it, and how to build it. One row of <see cref="ModelCatalog"/>.</summary>
/// <param name="Id">general.architecture.</param>
public sealed record Architecture(string Id)
{
    public required string Maker { get; init; }

    /// <summary>The published models that it covers, and their sizes: of docs/models.md.</summary>
    public string Models { get; init; } = "";

    public required Func<ModelConfig, Weights, Decoder> Load { get; init; }

    /// <summary>Keys that its files leave out, without the architecture's name, and what they mean then.</summary>
    public IReadOnlyDictionary<string, object> Defaults { get; init; } = new Dictionary<string, object>();

    /// <summary>How its folders are read; none where the family is known from GGUF alone.</summary>
    public IReadOnlyList<FolderMap> Folders { get; init; } = [];
}
