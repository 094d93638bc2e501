using Homegrown.Engine.Sampling.Steps;

namespace Homegrown.Engine.Sampling;

/// <summary>
/// Draws the tokens of one sequence: a logits row goes through the steps in order, and one uniform number picks from the softmax
/// of what they leave. Every draw takes exactly one number, also where a single token is left.
/// </summary>
public sealed class SamplerChain
{
    readonly SamplerStep[] steps;
    readonly Xoshiro256 random;
    readonly Candidates candidates;

    /// <summary>The chain that the options describe.</summary>
    /// <param name="options">Parameters, checked here.</param>
    /// <param name="vocabularySize">Length of the rows to come.</param>
    /// <param name="candidates">Buffers that chains may share which never work at the same time; null for own ones.</param>
    /// <param name="breakers">The model's, for <see cref="DryOptions.Breakers"/>; without it nothing breaks a repetition.</param>
    /// <exception cref="SamplingOptionException">A parameter is outside its range.</exception>
    public SamplerChain(SamplingOptions options, int vocabularySize, Candidates? candidates = null, SequenceBreakers? breakers = null)
        : this(options, vocabularySize, candidates, breakers, options.Seed ?? unchecked((ulong)Random.Shared.NextInt64(long.MinValue, long.MaxValue)))
    {
    }

    SamplerChain(SamplingOptions options, int vocabularySize, Candidates? candidates, SequenceBreakers? breakers, ulong seed)
        : this(StepsOf(options, vocabularySize, breakers, seed), seed, candidates)
    {
    }

    /// <summary>A chain of any steps in any order.</summary>
    /// <exception cref="ArgumentException">A step that must be last is not.</exception>
    public SamplerChain(IEnumerable<SamplerStep> steps, ulong seed, Candidates? candidates = null)
    {
        this.steps = [.. steps];
        if (this.steps.SkipLast(1).FirstOrDefault(step => step.MustBeLast) is { } early)
            throw new ArgumentException($"{early.GetType().Name} must be the last step of a sampler chain.", nameof(steps));
        random = new Xoshiro256(seed);
        this.candidates = candidates ?? new Candidates();
    }

    /// <summary>Shows the prompt to the steps that remember tokens.</summary>
    public void AcceptPrompt(IReadOnlyList<int> tokens)
    {
        foreach (var step in steps)
            for (var i = 0; i < tokens.Count; i++) step.Accept(tokens[i], generated: false);
    }

    /// <summary>Draws the next token and accepts it.</summary>
    /// <param name="logits">The model's logits, [vocabulary].</param>
    /// <exception cref="SamplingException">The logits are not numbers, or nothing is left to draw from.</exception>
    public int Sample(ReadOnlySpan<float> logits)
    {
        var left = Apply(logits);
        var token = left.Ids[left.Draw(random.NextDouble())];
        Accept(token);
        return token;
    }

    /// <summary>Runs the steps without drawing. What is left is valid until the next call.</summary>
    /// <exception cref="SamplingException">The logits are not numbers, or nothing is left to draw from.</exception>
    public Candidates Apply(ReadOnlySpan<float> logits)
    {
        candidates.Load(logits);
        foreach (var step in steps) step.Apply(candidates);
        return candidates;
    }

    /// <summary>Notes a token that was picked otherwise, for instance one that a grammar forces.</summary>
    public void Accept(int token)
    {
        foreach (var step in steps) step.Accept(token, generated: true);
    }

    static IEnumerable<SamplerStep> StepsOf(SamplingOptions options, int vocabularySize, SequenceBreakers? breakers, ulong seed)
    {
        options.Validate(vocabularySize);
        return options.Steps?.Invoke() ?? (options.Mirostat > 0 ? Mirostat(options) : DefaultOrder(options, breakers, seed));
    }

    static IEnumerable<SamplerStep> Mirostat(SamplingOptions o)
    {
        const int EstimatedFrom = 100; // tokens, as in the paper and in llama.cpp
        if (o.LogitBias is { Count: > 0 } bias) yield return new LogitBias(bias);
        yield return TemperatureOf(o);
        yield return o.Mirostat == 1 ? new Mirostat1(o.MirostatTau, o.MirostatEta, EstimatedFrom) : new Mirostat2(o.MirostatTau, o.MirostatEta);
    }

    // llama.cpp's order; transformers takes the temperature first, which gives another distribution for the same parameters.
    static IEnumerable<SamplerStep> DefaultOrder(SamplingOptions o, SequenceBreakers? breakers, ulong seed)
    {
        if (o.LogitBias is { Count: > 0 } bias) yield return new LogitBias(bias);
        if (o.PenaltyLastN != 0 && (o.RepeatPenalty, o.FrequencyPenalty, o.PresencePenalty) != (1, 0, 0))
            yield return new Penalties(o.RepeatPenalty, o.FrequencyPenalty, o.PresencePenalty, o.PenaltyLastN < 0 ? int.MaxValue : o.PenaltyLastN);
        if (o.Dry is { Multiplier: > 0, LastN: not 0 } dry)
            yield return new Dry(dry.Multiplier, dry.Base, dry.AllowedLength, dry.LastN < 0 ? int.MaxValue : dry.LastN, breakers?.Of(dry.Breakers) ?? []);
        if (o.TopNSigma > 0) yield return new TopNSigma(o.TopNSigma);
        if (o.TopK > 0) yield return new TopK(o.TopK);
        if (o.TypicalP < 1) yield return new TypicalP(o.TypicalP);
        if (o.TopP < 1) yield return new TopP(o.TopP);
        if (o.MinP > 0) yield return new MinP(o.MinP);
        // Draws of its own, from another place of the sequence that the seed names.
        if (o.XtcProbability > 0) yield return new Xtc(o.XtcProbability, o.XtcThreshold, seed: ~seed);
        if (o.Temperature != 1 || o.DynamicTemperatureRange > 0) yield return TemperatureOf(o);
        if (o.AdaptiveTarget >= 0) yield return new AdaptiveP(o.AdaptiveTarget, o.AdaptiveDecay);
    }

    static SamplerStep TemperatureOf(SamplingOptions o) => o.DynamicTemperatureRange > 0
        ? new DynamicTemperature(o.Temperature, o.DynamicTemperatureRange, o.DynamicTemperatureExponent)
        : new Temperature(o.Temperature);
}
