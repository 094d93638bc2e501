namespace Homegrown.Engine.Sampling;

/// <summary>
/// How the next token is drawn. The chain runs in the order of llama.cpp: logit bias, penalties, top-k, typical, top-p, min-p,
/// temperature. A neutral value switches a step off. Meanings and neutral values are the field's own.
/// </summary>
public sealed record SamplingOptions
{
    /// <summary>Divides the logits; 0 takes the most probable token.</summary>
    public float Temperature { get; init; } = 1;

    /// <summary>Keeps the k most probable; 0 keeps all.</summary>
    public int TopK { get; init; }

    /// <summary>Keeps the smallest set whose probability reaches p; 1 keeps all.</summary>
    public float TopP { get; init; } = 1;

    /// <summary>Keeps tokens at least p times as probable as the best; 0 keeps all.</summary>
    public float MinP { get; init; }

    /// <summary>Locally typical sampling (Meister et al. 2022, arXiv 2202.00666); 1 keeps all.</summary>
    public float TypicalP { get; init; } = 1;

    /// <summary>Divides (or multiplies, when negative) the logits of recent tokens; 1 is off.</summary>
    public float RepeatPenalty { get; init; } = 1;

    /// <summary>Taken from the logits of recent tokens, once for each occurrence; 0 is off.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Taken from the logits of recent tokens, once; 0 is off.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>How many of the last tokens are recent; 0 switches the penalties off, -1 means all.</summary>
    public int PenaltyLastN { get; init; } = 64;

    /// <summary>Added to the logits of single tokens; negative infinity bans.</summary>
    public IReadOnlyDictionary<int, float>? LogitBias { get; init; }

    /// <summary>Makes draws repeatable; null draws anew each time.</summary>
    public ulong? Seed { get; init; }
}
