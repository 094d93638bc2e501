namespace Homegrown.Engine.Sampling;

/// <summary>Parameters of <see cref="Steps.Dry"/>, with the defaults of llama.cpp.</summary>
public sealed record DryOptions
{
    /// <summary>Breakers for text: repetitions do not cross a line's end, a colon, a quotation mark or a star.</summary>
    public static IReadOnlyList<string> UsualBreakers { get; } = ["\n", ":", "\"", "*"];

    /// <summary>What a token that goes on with a repetition loses at the allowed length; 0 is off.</summary>
    public float Multiplier { get; init; }

    /// <summary>The loss grows by this factor with each token of the repetition. 1 or more.</summary>
    public float Base { get; init; } = 1.75f;

    /// <summary>Repetitions shorter than this cost nothing.</summary>
    public int AllowedLength { get; init; } = 2;

    /// <summary>How many of the last tokens are looked at; 0 is off, -1 means all.</summary>
    public int LastN { get; init; } = -1;

    /// <summary>Texts that a repetition does not cross, of up to <see cref="SequenceBreakers.LongestText"/> characters.</summary>
    public IReadOnlyList<string> Breakers { get; init; } = UsualBreakers;

    internal void Validate()
    {
        SamplingOptions.Require(Multiplier is >= 0 and < float.PositiveInfinity, "dry_multiplier", Multiplier, "a finite number, 0 (off) or more");
        SamplingOptions.Require(Base is >= 1 and < float.PositiveInfinity, "dry_base", Base, "a finite number, 1 or more");
        SamplingOptions.Require(AllowedLength >= 0, "dry_allowed_length", AllowedLength, "0 or more");
        SamplingOptions.Require(LastN >= -1, "dry_penalty_last_n", LastN, "-1 (all tokens), 0 (off) or more");
        foreach (var text in Breakers)
            SamplingOptions.Require(text.Length is > 0 and <= SequenceBreakers.LongestText, "dry_sequence_breakers", $"'{text}'",
                $"1 to {SequenceBreakers.LongestText} characters");
    }
}
