namespace Homegrown.Engine.Sampling;

/// <summary>
/// How the next token is drawn. The chain runs in the order of llama.cpp: logit bias, penalties, DRY, top-n-sigma, top-k, typical, top-p,
/// min-p, XTC, temperature, adaptive-p; with mirostat only logit bias, temperature and mirostat. A neutral value switches a step off.
/// Meanings and neutral values are the field's own.
/// </summary>
public sealed record SamplingOptions
{
    /// <summary>Divides the logits; 0 takes the most probable token. 0 or more.</summary>
    public float Temperature { get; init; } = 1;

    /// <summary>Keeps the k most probable; 0 keeps all.</summary>
    public int TopK { get; init; }

    /// <summary>Keeps the smallest set whose probability reaches p (Holtzman et al. 2020, arXiv 1904.09751); 1 keeps all.</summary>
    public float TopP { get; init; } = 1;

    /// <summary>Keeps tokens at least p times as probable as the best (Nguyen et al. 2024, arXiv 2407.01082); 0 keeps all.</summary>
    public float MinP { get; init; }

    /// <summary>Locally typical sampling (Meister et al. 2022, arXiv 2202.00666); 1 keeps all.</summary>
    public float TypicalP { get; init; } = 1;

    /// <summary>Divides (or multiplies, when negative) the logits of recent tokens; 1 is off. Above 0.</summary>
    public float RepeatPenalty { get; init; } = 1;

    /// <summary>Taken from the logits of recent tokens, once for each occurrence; 0 is off.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Taken from the logits of recent tokens, once; 0 is off.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>How many of the last tokens, the prompt's included, are recent; 0 switches the penalties off, -1 means all.</summary>
    public int PenaltyLastN { get; init; } = 64;

    /// <summary>Against repeating what was said before; off unless its multiplier is above 0.</summary>
    public DryOptions Dry { get; init; } = new();

    /// <summary>Keeps logits within n standard deviations of the best (Tang et al. 2024, arXiv 2411.07641); 0 or less keeps all.</summary>
    public float TopNSigma { get; init; } = -1;

    /// <summary>How often all but the least of the probable tokens go (XTC); 0 is off.</summary>
    public float XtcProbability { get; init; }

    /// <summary>What XTC calls probable; above 0.5 it is off.</summary>
    public float XtcThreshold { get; init; } = 0.1f;

    /// <summary>How far the temperature follows the entropy to either side; 0 is off.</summary>
    public float DynamicTemperatureRange { get; init; }

    /// <summary>Bends that curve; 1 is linear.</summary>
    public float DynamicTemperatureExponent { get; init; } = 1;

    /// <summary>Mirostat 1 or 2 (Basu et al. 2021, arXiv 2007.14966) in place of the steps that cut; 0 is off.</summary>
    public int Mirostat { get; init; }

    /// <summary>Mirostat's target surprise, bits.</summary>
    public float MirostatTau { get; init; } = 5;

    /// <summary>Mirostat's learning rate.</summary>
    public float MirostatEta { get; init; } = 0.1f;

    /// <summary>The probability that drawn tokens are to have on average (adaptive-p); below 0 is off.</summary>
    public float AdaptiveTarget { get; init; } = -1;

    /// <summary>How slowly adaptive-p forgets earlier draws.</summary>
    public float AdaptiveDecay { get; init; } = 0.9f;

    /// <summary>Added to the logits of single tokens; negative infinity bans.</summary>
    public IReadOnlyDictionary<int, float>? LogitBias { get; init; }

    /// <summary>Makes draws repeatable; null draws anew each time.</summary>
    public ulong? Seed { get; init; }

    /// <summary>
    /// Steps of the caller's own choice and order, in place of all parameters above except the seed. Called once for each sequence,
    /// because steps remember what they have seen.
    /// </summary>
    public Func<IEnumerable<SamplerStep>>? Steps { get; init; }

    /// <summary>Checks every parameter.</summary>
    /// <param name="vocabularySize">Tokens of the model, where it is known.</param>
    /// <exception cref="SamplingOptionException">The first parameter that is outside its range.</exception>
    public void Validate(int vocabularySize = int.MaxValue)
    {
        Require(Temperature is >= 0 and < float.PositiveInfinity, "temperature", Temperature, "a finite number, 0 or more");
        Require(TopK >= 0, "top_k", TopK, "0 (off) or more");
        Require(TopP is >= 0 and <= 1, "top_p", TopP, "between 0 and 1");
        Require(MinP is >= 0 and <= 1, "min_p", MinP, "between 0 and 1");
        Require(TypicalP is >= 0 and <= 1, "typical_p", TypicalP, "between 0 and 1");
        Require(RepeatPenalty is > 0 and < float.PositiveInfinity, "repeat_penalty", RepeatPenalty, "a finite number above 0 (1 is off)");
        Require(float.IsFinite(FrequencyPenalty), "frequency_penalty", FrequencyPenalty, "a finite number");
        Require(float.IsFinite(PresencePenalty), "presence_penalty", PresencePenalty, "a finite number");
        Require(PenaltyLastN >= -1, "repeat_last_n", PenaltyLastN, "-1 (all tokens), 0 (off) or more");
        Dry.Validate();
        Require(float.IsFinite(TopNSigma), "top_n_sigma", TopNSigma, "a finite number (0 or less is off)");
        Require(XtcProbability is >= 0 and <= 1, "xtc_probability", XtcProbability, "between 0 (off) and 1");
        Require(XtcThreshold is >= 0 and <= 1, "xtc_threshold", XtcThreshold, "between 0 and 1");
        Require(DynamicTemperatureRange is >= 0 and < float.PositiveInfinity, "dynatemp_range", DynamicTemperatureRange, "a finite number, 0 (off) or more");
        Require(DynamicTemperatureExponent is > 0 and < float.PositiveInfinity, "dynatemp_exponent", DynamicTemperatureExponent, "a finite number above 0");
        Require(Mirostat is >= 0 and <= 2, "mirostat", Mirostat, "0 (off), 1 or 2");
        Require(MirostatTau is >= 0 and < float.PositiveInfinity, "mirostat_tau", MirostatTau, "a finite number, 0 or more");
        Require(MirostatEta is >= 0 and <= 1, "mirostat_eta", MirostatEta, "between 0 and 1");
        Require(AdaptiveTarget <= 1, "adaptive_target", AdaptiveTarget, "a probability up to 1 (below 0 is off)");
        Require(AdaptiveDecay is >= 0 and <= 0.99f, "adaptive_decay", AdaptiveDecay, "between 0 and 0.99");
        foreach (var (token, bias) in LogitBias ?? new Dictionary<int, float>())
        {
            Require(token >= 0 && token < vocabularySize, "logit_bias", token, $"a token id from 0 to {vocabularySize - 1}");
            Require(bias < float.PositiveInfinity, "logit_bias", bias, $"a finite number or minus infinity, for token {token}");
        }
    }

    internal static void Require<T>(bool holds, string parameter, T value, string allowed)
    {
        if (!holds) throw new SamplingOptionException(parameter, $"{parameter} is {value}; it must be {allowed}.");
    }
}
