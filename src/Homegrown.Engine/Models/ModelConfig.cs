using Homegrown.Engine.Folders;
using Homegrown.Engine.Formats;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Models;

/// <summary>
/// The numbers that shape a decoder, read once from the file's metadata. What only one family has, that family's file reads
/// itself through <see cref="Metadata"/>.
/// </summary>
public sealed record ModelConfig
{
    /// <summary>Id in the file: llama, qwen2, ...</summary>
    public required string Architecture { get; init; }

    public required int Layers { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int Hidden { get; init; }

    /// <summary>Width inside the feed-forward block.</summary>
    public required int FeedForward { get; init; }

    public required int Heads { get; init; }

    /// <summary>Heads of keys and values, shared by Heads / KvHeads query heads each.</summary>
    public required int KvHeads { get; init; }

    /// <summary>Width of a head; not always Hidden / Heads.</summary>
    public required int HeadDim { get; init; }

    /// <summary>The heads of all layers, where these are alike.</summary>
    public AttentionShape Shape => new(Heads, KvHeads, HeadDim);

    /// <summary>The heads of each layer, which may have more of them, or wider ones, where it has a window.</summary>
    public required IReadOnlyList<AttentionShape> Shapes { get; init; }

    public required int VocabularySize { get; init; }

    /// <summary>Positions that the model was made for.</summary>
    public required int ContextLength { get; init; }

    public required float NormEpsilon { get; init; }

    /// <summary>Of feed-forward blocks.</summary>
    public required Activation Activation { get; init; }

    /// <summary>
    /// GELU in half precision, as the engine that computed the references of GGUF files tabulates it (docs/adr/0009): exact mode on
    /// such a file, to compare with it.
    /// </summary>
    public bool HalfGelu { get; init; }

    /// <summary>
    /// Phi-3.5-MoE turns by LongRoPE's short divisors at any length, as the library that computed the references of folders does.
    /// </summary>
    public bool ShortDivisorsOnly { get; init; }

    /// <summary>The same model as the reference of its file's kind computes it, where that differs from what its authors meant (docs/adr/0009).</summary>
    public ModelConfig AsReference(ModelSource source) => this with { HalfGelu = source is GgufSource, ShortDivisorsOnly = source is FolderSource };

    /// <summary>How heads turn with the position.</summary>
    public required RopeConfig Rope { get; init; }

    /// <summary>Positions that a token of the layer sees, its own included; null for all.</summary>
    public int? Window(int layer) => Windows[layer] is > 0 and var window ? window : null;

    /// <summary>By layer; 0 for all positions.</summary>
    public required int[] Windows { get; init; }

    /// <summary>Tokens see what is before them alone; false for models that read a text whole.</summary>
    public bool Causal { get; init; } = true;

    /// <summary>
    /// What rows of a layer see. Where both sides are seen, a window is a token's own and half of the number to each side, as GGUF files and
    /// folders count it (ModernBERT, Gemma's encoders).
    /// </summary>
    public AttentionOptions Sight(int layer)
        => Causal ? new() { Window = Window(layer) } : new() { BothSides = true, Window = Window(layer) is { } width ? (width / 2) + 1 : null };

    /// <summary>The same model with windows in all layers but every <paramref name="period"/>th, unless its file says which.</summary>
    /// <param name="full">Of each period, the layer without a window.</param>
    public ModelConfig WithFullLayers(int period, int full)
        => Metadata.Has("attention.sliding_window_pattern") || Windows.Distinct().Count() > 1
            ? this
            : this with { Windows = [.. Windows.Select((window, layer) => layer % period == full ? 0 : window)] };

    /// <summary>By layer: it keeps a state instead of keys and values. Unless the file says which, all but every <paramref name="interval"/>th.</summary>
    public bool[] RecurrentLayers(int interval)
    {
        var period = Metadata.Optional("full_attention_interval", () => interval);
        var flags = Metadata.Integers("attention.recurrent_layers", Layers);
        return [.. Enumerable.Range(0, Layers).Select(layer => flags is null ? (layer + 1) % period != 0 : flags[layer] != 0)];
    }

    /// <summary>All other keys of the architecture, with their reads noted.</summary>
    public required ModelMetadata Metadata { get; init; }

    /// <summary>Reads the keys that decoders share. A missing or impossible one is an error that names it.</summary>
    public static ModelConfig Read(ModelMetadata keys, int vocabularyRows)
    {
        var layers = keys.Positive("block_count") - keys.Count("nextn_predict_layers");       // layers that predict further tokens are not run
        if (layers <= 0) throw keys.Error("nextn_predict_layers", "leaves no layers of the model itself");
        var windows = ReadWindows(keys, layers);
        var shapes = ReadShapes(keys, windows);
        var heads = shapes[0].Heads;
        var hidden = keys.Positive("embedding_length");
        var headDim = keys.Optional("attention.key_length", () => hidden / heads);
        var context = keys.Positive("context_length");
        var rope = RopeConfig.Read(keys, headDim, context);
        var config = new ModelConfig
        {
            Architecture = keys.Architecture,
            Layers = layers,
            Hidden = hidden,
            FeedForward = keys.IsArray("feed_forward_length") ? keys.Integers("feed_forward_length", layers)!.Max() : keys.Count("feed_forward_length"),
            Heads = heads,
            KvHeads = shapes[0].KvHeads,
            HeadDim = headDim,
            Shapes = shapes,
            VocabularySize = vocabularyRows,
            ContextLength = Math.Max(context, rope.Scaling.Context),
            NormEpsilon = (float)(keys.Number("attention.layer_norm_rms_epsilon") ?? keys.Number("attention.layer_norm_epsilon")
                ?? throw keys.Missing("attention.layer_norm_rms_epsilon", "a number")),
            Activation = ReadActivation(keys, "activation"),
            Rope = rope,
            Windows = windows,
            Causal = keys.Flag("attention.causal", true),
            Metadata = keys,
        };
        if (keys.Optional("vocab_size", () => vocabularyRows) != vocabularyRows)
            throw keys.Error("vocab_size", $"is not the {vocabularyRows} rows of token_embd.weight");
        return config;
    }

    /// <summary>Counts for all layers or each; widths for all, or of their own in layers with a window (<c>key_length_swa</c>).</summary>
    static AttentionShape[] ReadShapes(ModelMetadata keys, int[] windows)
    {
        var heads = keys.Integers("attention.head_count", windows.Length) ?? throw keys.Missing("attention.head_count", "a number for all layers, or one for each");
        var kvHeads = keys.Integers("attention.head_count_kv", windows.Length) ?? heads;
        var shapes = new AttentionShape[windows.Length];
        for (var layer = 0; layer < shapes.Length; layer++)
        {
            if (heads[layer] <= 0) throw keys.Error("attention.head_count", $"{heads[layer]} is not above 0");
            if (kvHeads[layer] < 0 || (kvHeads[layer] > 0 && heads[layer] % kvHeads[layer] != 0))
                throw keys.Error("attention.head_count_kv", $"{kvHeads[layer]} does not divide the {heads[layer]} heads");
            var key = Width("key_length", windows[layer], () => keys.Positive("embedding_length") / heads[0]);
            shapes[layer] = new(heads[layer], kvHeads[layer], key, Width("value_length", windows[layer], () => key));
        }

        return shapes;

        int Width(string name, int window, Func<int> otherwise)
        {
            var (all, local) = ($"attention.{name}", $"attention.{name}_swa");
            return window > 0 && keys.Has(local) ? keys.Positive(local) : keys.Optional(all, otherwise);
        }
    }

    /// <summary>A window for each layer; or one for all, of which a pattern says where it holds (flags, or the period of layers without).</summary>
    static int[] ReadWindows(ModelMetadata keys, int layers)
    {
        var windows = keys.Integers("attention.sliding_window", layers) ?? new int[layers];
        const string Pattern = "attention.sliding_window_pattern";
        if (!keys.Has(Pattern)) return windows;
        var flags = keys.IsArray(Pattern) ? keys.Integers(Pattern, layers)! : null;
        var period = flags is null ? keys.Positive(Pattern) : 1;
        return [.. windows.Select((window, layer) => (flags is null ? (layer + 1) % period != 0 : flags[layer] != 0) ? window : 0)];
    }

    /// <summary>By the names of Hugging Face's library; GGUF has no such key, there it belongs to the architecture.</summary>
    internal static Activation ReadActivation(ModelMetadata keys, string key) => keys.Text(key) switch
    {
        null or "silu" or "swish" or "swiglu" => Activation.Silu,
        "gelu" => Activation.Gelu,
        "gelu_pytorch_tanh" or "gelu_new" or "gelu_fast" => Activation.GeluTanh,
        "relu" => Activation.Relu,
        "relu2" => Activation.ReluSquared,
        var name => throw keys.Error(key, $"'{name}' is not supported (silu, gelu, gelu_pytorch_tanh, relu, relu2 are)"),
    };
}
