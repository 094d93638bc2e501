namespace Homegrown.Engine.Sampling;

/// <summary>Log probabilities under the model itself: of the logits row as it comes, before any step of a sampler chain.</summary>
public static class LogProbabilities
{
    /// <summary>The most alternatives that may be asked for, as in the OpenAI API.</summary>
    public const int MostTop = 20;

    const int Chunk = 512;

    /// <summary>The log probability of a token, and the best tokens with theirs.</summary>
    /// <param name="logits">The model's logits, [vocabulary].</param>
    /// <param name="token">The token that was chosen.</param>
    /// <param name="top">Filled with the best tokens, best first, ties by lower id; as many as it has room for, at most <see cref="MostTop"/>.</param>
    /// <returns>Natural logarithm of the token's probability; the sum behind it is taken in float64.</returns>
    /// <exception cref="SamplingException">A logit is NaN or plus infinity, or all are minus infinity.</exception>
    public static float Of(ReadOnlySpan<float> logits, int token, Span<TokenLogprob> top)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(top.Length, Math.Min(MostTop, logits.Length), nameof(top));
        var max = Best(logits, top);
        var logSum = max + Math.Log(SumExp(logits, max));
        foreach (ref var entry in top) entry = entry with { Logprob = (float)(entry.Logprob - logSum) };
        return (float)(logits[token] - logSum);
    }

    // Fills top with the largest logits and gives the largest.
    static float Best(ReadOnlySpan<float> logits, Span<TokenLogprob> top)
    {
        var (max, filled) = (float.NegativeInfinity, 0);
        for (var id = 0; id < logits.Length; id++)
        {
            var logit = logits[id];
            if (!(logit < float.PositiveInfinity)) throw new SamplingException($"The model's logit of token {id} is {logit}: it has no probability.");
            max = Math.Max(max, logit);
            if (filled == top.Length && (filled == 0 || logit <= top[^1].Logprob)) continue;
            if (filled < top.Length) filled++;
            var at = filled - 1;
            for (; at > 0 && top[at - 1].Logprob < logit; at--) top[at] = top[at - 1];
            top[at] = new TokenLogprob(id, logit);
        }
        return max > float.NegativeInfinity ? max : throw new SamplingException("All logits are minus infinity: no token has a probability.");
    }

    static double SumExp(ReadOnlySpan<float> logits, double max)
    {
        Span<double> wide = stackalloc double[Chunk];
        var sum = 0.0;
        for (; !logits.IsEmpty; logits = logits[Math.Min(Chunk, logits.Length)..])
        {
            var chunk = wide[..Math.Min(Chunk, logits.Length)];
            for (var i = 0; i < chunk.Length; i++) chunk[i] = logits[i];
            sum += LogSumExp.Sum(chunk, max);
        }
        return sum;
    }
}
