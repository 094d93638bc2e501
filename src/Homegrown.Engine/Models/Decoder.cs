using Homegrown.Engine.Cache;
using Homegrown.Engine.Folders;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;

namespace Homegrown.Engine.Models;

/// <summary>What a family builds of its weights.</summary>
public abstract class Model
{
    /// <summary>What a position costs in the cache.</summary>
    public abstract KvShape KvShape { get; }
}

/// <summary>A model whose states serve by themselves: a vector of a text is made of them.</summary>
public interface IEncoder
{
    /// <summary>Numbers of a state.</summary>
    int Width { get; }

    /// <summary>Runs the batch and returns the states of its sampled rows below any head, [sampled, hidden], valid until the batch is cleared.</summary>
    Tensor Encode(Batch batch);
}

/// <summary>A language model: rows of tokens in, logits of the wanted rows out.</summary>
public abstract class Decoder : Model
{
    /// <summary>Runs the batch and returns the logits of its sampled rows, [sampled, vocabulary], valid until the batch is cleared.</summary>
    public abstract Tensor Forward(Batch batch);

    /// <summary>Texts of lengths with the same number turn their positions alike: one can go on from what is cached of another.</summary>
    public virtual int Variant(int length) => 0;

    /// <summary>A sequence that has grown to this length is to be read again from its beginning: what was kept of it is of a shorter one.</summary>
    public virtual bool ReadsAgain(int length) => false;
}

/// <summary>A family: the ids that files give it, and how to build it. One row of <see cref="ModelCatalog"/>.</summary>
/// <param name="Id">general.architecture.</param>
public sealed record Architecture(string Id)
{
    public required string Maker { get; init; }

    /// <summary>The published models that it covers, and their sizes: of docs/models.md.</summary>
    public string Models { get; init; } = "";

    public required Func<ModelConfig, Weights, Model> Load { get; init; }

    /// <summary>Keys that its files leave out, without the architecture's name, and what they mean then.</summary>
    public IReadOnlyDictionary<string, object> Defaults { get; init; } = new Dictionary<string, object>();

    /// <summary>A model that generates.</summary>
    /// <exception cref="Formats.ModelFileException">It sees the future, or a tensor is missing.</exception>
    public Decoder LoadDecoder(ModelConfig c, Weights w)
        => c.Causal && Load(c, w) is Decoder decoder
            ? decoder
            : throw c.Metadata.Error("attention.causal", "a model that sees the future cannot generate; 'embed' and 'rerank' read texts with it");

    /// <summary>How its folders are read; none where the family is known from GGUF alone.</summary>
    public IReadOnlyList<FolderMap> Folders { get; init; } = [];
}
