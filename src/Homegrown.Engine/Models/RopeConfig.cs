namespace Homegrown.Engine.Models;

/// <summary>How a model was stretched past the context it was trained with.</summary>
public enum RopeScalingKind
{
    None,

    /// <summary>Positions divided by a factor (Chen et al. 2023, arXiv 2306.15595).</summary>
    Linear,

    /// <summary>The base grows with the length of the sequence beyond the trained one (NTK-aware, bloc97 2023).</summary>
    Dynamic,

    /// <summary>Low frequencies divided, high ones kept, a ramp between (Peng et al. 2023, arXiv 2309.00071).</summary>
    Yarn,

    /// <summary>As Yarn, by wavelength, without its temperature (Llama 3.1, arXiv 2407.21783 §3.4.2).</summary>
    Llama3,

    /// <summary>A divisor for each frequency, one set up to the trained length and one beyond (Ding et al. 2024, arXiv 2402.13753).</summary>
    LongRope,
}

/// <summary>The stretch: <c>rope.scaling.*</c>.</summary>
/// <param name="Factor">New context over old, above 0.</param>
/// <param name="OriginalContext">Positions that the model was trained with.</param>
public sealed record RopeScaling(RopeScalingKind Kind, double Factor, int OriginalContext)
{
    public static RopeScaling None { get; } = new(RopeScalingKind.None, 1, 0);

    /// <summary>Positions that the stretch is for; 0 where the file's own length says it.</summary>
    public int Context => Kind is RopeScalingKind.Linear or RopeScalingKind.Dynamic or RopeScalingKind.Yarn
        ? (int)Math.Min(OriginalContext * Factor, int.MaxValue)
        : 0;

    /// <summary>Multiplies the turned q and k; null for what the kind itself derives from the factor.</summary>
    public double? Magnitude { get; init; }

    /// <summary>LongRoPE: the same beyond the original context, where it differs (Phi-3.5-MoE).</summary>
    public double? LongMagnitude { get; init; }

    /// <summary>YaRN: turns in the original context above which a dimension keeps its frequency.</summary>
    public double BetaFast { get; init; } = 32;

    /// <summary>YaRN: turns below which it is divided in full.</summary>
    public double BetaSlow { get; init; } = 1;

    /// <summary>YaRN: the ramp begins and ends at whole dimensions (gpt-oss: not).</summary>
    public bool Truncate { get; init; } = true;

    /// <summary>Llama 3: original context over wavelength below which a frequency is divided.</summary>
    public double LowFrequencyFactor { get; init; } = 1;

    /// <summary>Llama 3: and above which it is kept.</summary>
    public double HighFrequencyFactor { get; init; } = 4;

    /// <summary>LongRoPE: divisors up to the original context, [dims / 2].</summary>
    public double[] ShortFactors { get; init; } = [];

    /// <summary>LongRoPE: divisors beyond it.</summary>
    public double[] LongFactors { get; init; } = [];
}

/// <summary>A rotation: the keys <c>rope.*</c>. Families with several kinds of layers have one for each.</summary>
/// <param name="Dims">Dimensions of a head that turn with the position.</param>
/// <param name="Theta">Base of the frequencies.</param>
public sealed record RopeConfig(int Dims, double Theta, RopeScaling Scaling)
{
    /// <summary>Reads the keys of one rotation.</summary>
    /// <param name="headDim">Dims of a head, which turn where the file does not say how many.</param>
    /// <param name="suffix">Of the keys: "_swa" of layers with a window, or empty.</param>
    public static RopeConfig Read(ModelMetadata keys, int headDim, int context, string suffix = "")
    {
        var dims = keys.Optional($"rope.dimension_count{suffix}", () => keys.Optional("rope.dimension_count", () => headDim));
        if (dims > headDim || dims % 2 != 0) throw keys.Error($"rope.dimension_count{suffix}", $"{dims} is odd or above the head's {headDim} dimensions");
        return new(dims, keys.Number($"rope.freq_base{suffix}") ?? 10000, ReadScaling(keys, context, $"rope.scaling{suffix}.", dims / 2));
    }

    static RopeScaling ReadScaling(ModelMetadata keys, int context, string at, int frequencies)
    {
        // rope.scale_linear is the older spelling of a linear factor.
        var kind = keys.Text($"{at}type") ?? (keys.Has("rope.scale_linear") ? "linear" : "none");
        var factor = keys.Number($"{at}factor") ?? keys.Number("rope.scale_linear") ?? 1;
        var original = keys.Optional($"{at}original_context_length", () => context);
        if (!(factor > 0)) throw keys.Error($"{at}factor", $"{factor} is not above 0");
        return kind switch
        {
            "none" => RopeScaling.None,
            "linear" => new(RopeScalingKind.Linear, factor, original),
            "dynamic" => new(RopeScalingKind.Dynamic, factor, original),
            "llama3" => new(RopeScalingKind.Llama3, factor, original)
            {
                LowFrequencyFactor = keys.Number($"{at}low_freq_factor") ?? 1,
                HighFrequencyFactor = keys.Number($"{at}high_freq_factor") ?? 4,
            },
            "yarn" => new(RopeScalingKind.Yarn, factor, original)
            {
                Magnitude = YarnMagnitude(keys, at, factor),
                BetaFast = keys.Number($"{at}yarn_beta_fast") ?? 32,
                BetaSlow = keys.Number($"{at}yarn_beta_slow") ?? 1,
                Truncate = keys.Flag($"{at}truncate", true),
            },
            "longrope" or "su" => new(RopeScalingKind.LongRope, keys.Number($"{at}factor") ?? ((double)context / original), original)
            {
                Magnitude = keys.Number($"{at}attn_factor") ?? keys.Number($"{at}short_mscale"),
                LongMagnitude = keys.Number($"{at}long_mscale"),
                ShortFactors = Factors(keys, $"{at}short_factors", frequencies),
                LongFactors = Factors(keys, $"{at}long_factors", frequencies),
            },
            _ => throw keys.Error($"{at}type", $"'{kind}' is not supported (none, linear, dynamic, yarn, llama3, longrope are)"),
        };
    }

    /// <summary>
    /// arXiv 2309.00071 §3.4: 0.1 ln(factor) + 1, times what the file adds; DeepSeek instead gives two multipliers of the logarithm,
    /// of which one goes to the softmax and their ratio stays here.
    /// </summary>
    static double? YarnMagnitude(ModelMetadata keys, string at, double factor)
    {
        // GGUF's attn_factor multiplies the paper's; that of a config.json replaces it, as its reader has it.
        var multiplier = (keys.Number($"{at}attn_factor") ?? 1) * (keys.Number($"{at}yarn_attn_factor") ?? 1);
        if (keys.Number($"{at}attention_factor") is { } given) return given;
        if (keys.Number($"{at}mscale") is { } scale && keys.Number($"{at}mscale_all_dim") is { } all && scale != 0 && all != 0)
            return LogScale(factor, scale) / LogScale(factor, all);
        if (keys.Number($"{at}yarn_log_multiplier") is > 0) return 1;    // GGUF's mscale_all_dim, where both are the same
        return LogScale(factor, 1) * multiplier;
    }

    /// <summary>0.1 * multiplier * ln(factor) + 1, and 1 where nothing is stretched.</summary>
    public static double LogScale(double factor, double multiplier) => factor > 1 ? (0.1 * multiplier * Math.Log(factor)) + 1 : 1;

    static double[] Factors(ModelMetadata keys, string key, int count)
    {
        var factors = keys.Numbers(key, count) ?? throw keys.Missing(key, $"an array of {count} numbers");
        return factors.All(factor => factor > 0) ? factors : throw keys.Error(key, "has a divisor that is not above 0");
    }
}
