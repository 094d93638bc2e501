namespace Homegrown.Engine.Models;

/// <summary>How a model was stretched past the context it was trained with.</summary>
public enum RopeScalingKind
{
    None,

    /// <summary>Positions divided by a factor (Chen et al. 2023, arXiv 2306.15595).</summary>
    Linear,

    /// <summary>Low frequencies divided, high ones kept, a ramp between (Peng et al. 2023, arXiv 2309.00071).</summary>
    Yarn,
}

/// <summary>The stretch: <c>rope.scaling.*</c> of a file.</summary>
/// <param name="Factor">New context over old, above 0.</param>
/// <param name="OriginalContext">Positions that the model was trained with.</param>
/// <param name="AttentionFactor">Multiplies YaRN's own attention factor.</param>
/// <param name="BetaFast">Turns in the original context above which a dimension keeps its frequency.</param>
/// <param name="BetaSlow">Turns below which it is divided in full.</param>
public sealed record RopeScaling(
    RopeScalingKind Kind, double Factor, int OriginalContext, double AttentionFactor = 1, double BetaFast = 32, double BetaSlow = 1)
{
    public static RopeScaling None { get; } = new(RopeScalingKind.None, 1, 0);
}

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

    public required int VocabularySize { get; init; }

    /// <summary>Positions that the model was made for.</summary>
    public required int ContextLength { get; init; }

    public required float NormEpsilon { get; init; }

    /// <summary>Leading dimensions of a head that turn with the position.</summary>
    public required int RopeDims { get; init; }

    public required double RopeTheta { get; init; }

    public required RopeScaling RopeScaling { get; init; }

    /// <summary>All other keys of the architecture, with their reads noted.</summary>
    public required ModelMetadata Metadata { get; init; }

    /// <summary>Reads the keys that decoders share. A missing or impossible one is an error that names it.</summary>
    public static ModelConfig Read(ModelMetadata keys, int vocabularyRows)
    {
        var heads = keys.Positive("attention.head_count");
        var hidden = keys.Positive("embedding_length");
        var headDim = keys.Optional("attention.key_length", () => hidden / heads);
        var context = keys.Positive("context_length");
        if (keys.Optional("attention.value_length", () => headDim) != headDim)
            throw keys.Error("attention.value_length", $"values narrower or wider than keys ({headDim}) are not supported");
        var config = new ModelConfig
        {
            Architecture = keys.Architecture,
            Layers = keys.Positive("block_count"),
            Hidden = hidden,
            FeedForward = keys.Positive("feed_forward_length"),
            Heads = heads,
            KvHeads = keys.Optional("attention.head_count_kv", () => heads),
            HeadDim = headDim,
            VocabularySize = vocabularyRows,
            ContextLength = context,
            NormEpsilon = keys.Single("attention.layer_norm_rms_epsilon"),
            RopeDims = keys.Optional("rope.dimension_count", () => headDim),
            RopeTheta = keys.Optional("rope.freq_base", 10000f),
            RopeScaling = ReadScaling(keys, context),
            Metadata = keys,
        };
        if (keys.Optional("vocab_size", () => vocabularyRows) != vocabularyRows)
            throw keys.Error("vocab_size", $"is not the {vocabularyRows} rows of token_embd.weight");
        if (keys.Flag("attention.causal") == false) throw keys.Error("attention.causal", "a model that sees the future cannot generate");
        if (config.Heads % config.KvHeads != 0)
            throw keys.Error("attention.head_count_kv", $"{config.KvHeads} does not divide the {config.Heads} heads");
        if (config.RopeDims > headDim || config.RopeDims % 2 != 0)
            throw keys.Error("rope.dimension_count", $"{config.RopeDims} is odd or above the head's {headDim} dimensions");
        return config;
    }

    static RopeScaling ReadScaling(ModelMetadata keys, int context)
    {
        // rope.scale_linear is the older spelling of a linear factor.
        var kind = keys.Text("rope.scaling.type") ?? (keys.Has("rope.scale_linear") ? "linear" : "none");
        var factor = keys.Optional("rope.scaling.factor", keys.Optional("rope.scale_linear", 1f));
        var original = keys.Optional("rope.scaling.original_context_length", () => context);
        var attention = keys.Optional("rope.scaling.attn_factor", 1f) * keys.Optional("rope.scaling.yarn_attn_factor", 1f);
        if (!(factor > 0)) throw keys.Error("rope.scaling.factor", $"{factor} is not above 0");
        return kind switch
        {
            "none" => RopeScaling.None,
            "linear" => new(RopeScalingKind.Linear, factor, original),
            "yarn" => new(RopeScalingKind.Yarn, factor, original, attention,
                keys.Optional("rope.scaling.yarn_beta_fast", 32f), keys.Optional("rope.scaling.yarn_beta_slow", 1f)),
            _ => throw keys.Error("rope.scaling.type", $"'{kind}' is not supported (none, linear, yarn are)"),
        };
    }
}
