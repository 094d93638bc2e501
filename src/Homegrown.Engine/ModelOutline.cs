using Homegrown.Engine.Cache;
using Homegrown.Engine.Formats;
using Homegrown.Engine.Models;
using Homegrown.Engine.Scheduling;
using Homegrown.Engine.Tokenizers;
using Homegrown.Kernels;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Quant;

namespace Homegrown.Engine;

/// <summary>A tensor that a model is made of: its canonical name, and the type and bytes that it has as the model takes it.</summary>
/// <param name="Shape">Outermost first.</param>
public sealed record OutlinedTensor(string Name, TensorType Type, IReadOnlyList<long> Shape, long Bytes)
{
    public long Values { get; } = Shape.Aggregate(1L, (product, size) => checked(product * size));
}

/// <summary>
/// What a model file or folder amounts to: the model is built as it would be to run, but on tensors that are zeros, and asked what it
/// takes. No weight is read.
/// </summary>
public sealed class ModelOutline
{
    readonly long panels, stored, widest, tokenizerBytes;

    ModelOutline(ModelSource source)
    {
        using var outlined = new OutlinedSource(source);
        using var compute = new Compute(new() { Threads = 1 });
        using var packing = new PackedWeights(compute, dry: true);
        var architecture = ModelCatalog.Find(source);
        var metadata = new ModelMetadata(source, architecture.Defaults);
        var weights = new Weights(outlined, packing);
        Config = ModelConfig.Read(metadata, weights.Rows("token_embd"));
        KvShape = architecture.Load(Config, weights).KvShape;
        (Path, FileBytes, ChatTemplate) = (source.Path, source.Bytes, source.ChatTemplate);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        Tokenizer = TokenizerFactory.Of(source, Config.VocabularySize) is var tokenizer and not NoTokenizer ? tokenizer : null;
        tokenizerBytes = Math.Max(0, GC.GetTotalMemory(forceFullCollection: true) - before);
        Keys = [.. source.Keys.Names.Select(name => KeyValuePair.Create(name, source.Keys.Find(name)!))];
        Tensors = [.. outlined.Taken.Select(taken => new OutlinedTensor(taken.Name, taken.Tensor.Type, taken.Tensor.Shape, taken.Tensor.Bytes))];
        Warnings = [.. weights.Unread().Select(name => $"tensor {name} is not used"), .. metadata.Unread().Select(key => $"key {key} is not read")];
        var (experts, used) = (Config.Metadata.Count("expert_count"), Config.Metadata.Count("expert_used_count"));
        ActiveParameters = Tensors.Sum(tensor => experts > 0 && tensor.Name.Contains("_exps", StringComparison.Ordinal) ? tensor.Values / experts * used : tensor.Values);
        (panels, stored, widest) = (packing.Bytes, Math.Max(0, WeightBytes - packing.StoredBytes), weights.WidestLayer);
    }

    /// <summary>Outlines a GGUF file or a folder.</summary>
    /// <exception cref="ModelFileException">A file is not what it says, its architecture is unknown, or a tensor is missing.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static ModelOutline Of(string path)
    {
        using var source = LocalModel.Open(path, exact: false);
        return new(source);
    }

    /// <summary>Absolute path of the (first) file, or of the folder.</summary>
    public string Path { get; }

    /// <summary>Bytes of all its weight files.</summary>
    public long FileBytes { get; }

    public ModelConfig Config { get; }

    /// <summary>All that it keeps of sequences: keys and values, latent ones, recurrent states.</summary>
    public KvShape KvShape { get; }

    /// <summary>Canonical keys and their values: a long, double, bool or string, or an array of one of these.</summary>
    public IReadOnlyList<KeyValuePair<string, object>> Keys { get; }

    /// <summary>In the order in which layers take them.</summary>
    public IReadOnlyList<OutlinedTensor> Tensors { get; }

    /// <summary>Null where there is none.</summary>
    public Tokenizer? Tokenizer { get; }

    /// <summary>The chat template's source; null where there is none.</summary>
    public string? ChatTemplate { get; }

    /// <summary>Parts that are not honoured, a line each.</summary>
    public IReadOnlyList<string> Warnings { get; }

    public long Parameters => Tensors.Sum(tensor => tensor.Values);

    /// <summary>Those that a token passes through: of experts the chosen ones.</summary>
    public long ActiveParameters { get; }

    /// <summary>Bytes of the tensors as the model takes them, before they are packed.</summary>
    public long WeightBytes => Tensors.Sum(tensor => tensor.Bytes);

    /// <summary>The memory that it takes to run, with a cache of so many positions.</summary>
    public ModelMemory Memory(int positions, KvType type) => new()
    {
        Panels = panels,
        Stored = stored,
        Cache = KvShape.Bytes(positions, type),
        Tokenizer = tokenizerBytes,
        Scratch = ((Math.Min(positions, new PlannerOptions().Chunk) * (widest + Config.Hidden)) + Config.VocabularySize) * sizeof(float),
    };
}

/// <summary>The memory that a running model takes, in bytes.</summary>
public sealed record ModelMemory
{
    /// <summary>.NET, this program and its compiled code, as measured on Linux (docs/how-to/long-context.md).</summary>
    public const long Program = 58_000_000;

    /// <summary>Weights of products, in panels.</summary>
    public required long Panels { get; init; }

    /// <summary>Weights as they are stored, tables and vectors mostly: pages of the file, which come as rows of them are looked up and which the system may drop.</summary>
    public required long Stored { get; init; }

    /// <summary>Pages of the cache and a sequence's recurrent states; taken as they are filled.</summary>
    public required long Cache { get; init; }

    /// <summary>Vocabulary and merges, as this process made them to see.</summary>
    public required long Tokenizer { get; init; }

    /// <summary>Activations of a step of a prompt.</summary>
    public required long Scratch { get; init; }

    public long Total => Panels + Stored + Cache + Scratch + Tokenizer + Program;
}
