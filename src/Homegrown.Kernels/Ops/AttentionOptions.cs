namespace Homegrown.Kernels.Ops;

/// <summary>
/// Heads of an attention: queries of <paramref name="KeyDim"/> numbers in <paramref name="Heads"/>, keys and values shared by
/// Heads / KvHeads of them.
/// </summary>
public readonly record struct AttentionShape(int Heads, int KvHeads, int KeyDim, int ValueDim)
{
    /// <summary>Keys and values of the same width.</summary>
    public AttentionShape(int heads, int kvHeads, int headDim)
        : this(heads, kvHeads, headDim, headDim)
    {
    }
}

/// <summary>What a layer's attention does besides softmax(q·K) V; made once, with the layer.</summary>
public sealed record AttentionOptions
{
    /// <summary>Nothing: causal, scores by 1 / sqrt(keyDim).</summary>
    public static AttentionOptions None { get; } = new();

    /// <summary>Factor on the scores; null for 1 / sqrt(keyDim).</summary>
    public float? Scale { get; init; }

    /// <summary>
    /// Positions that a row sees, its own included (Mistral 7B, arXiv 2310.06825 §2); null for all. Where rows see both sides, so
    /// many to each of them: |i - j| below it.
    /// </summary>
    public int? Window { get; init; }

    /// <summary>A row sees what comes after it too: all rows that its sequence has in the cache (encoders).</summary>
    public bool BothSides { get; init; }

    /// <summary>
    /// One more score for each head, [heads], that takes its share of the softmax and carries no value (gpt-oss; Xiao et al. 2023,
    /// arXiv 2309.17453).
    /// </summary>
    public float[]? Sinks { get; init; }

    /// <summary>Scores become cap * tanh(score / cap) (Gemma 2, arXiv 2408.00118 §2).</summary>
    public float? SoftCap { get; init; }

    /// <summary>For each head, [heads], what a position adds to its score for each step from the row's own (ALiBi).</summary>
    public float[]? Slopes { get; init; }

    /// <summary>
    /// For each head, what a position adds to its score by its distance from the row's own, [heads, 2 * reach + 1], from reach before it to
    /// reach after it; what is farther counts as at reach (relative biases, T5, arXiv 1910.10683 §2.1; MPNet).
    /// </summary>
    public float[]? Distances { get; init; }

    /// <summary>
    /// ALiBi's slopes (Press et al. 2021, arXiv 2108.12409 §3): 2^(-8 h / n) for heads h = 1 to n, a power of two; further heads take
    /// every second slope of 2n.
    /// </summary>
    public static float[] AlibiSlopes(int heads)
    {
        var power = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)heads + 1) / 2;   // the largest that is no more than heads
        return [.. Enumerable.Range(0, heads).Select(h => (float)(h < power ? Math.Pow(2, -8.0 * (h + 1) / power) : Math.Pow(2, -4.0 * ((2 * (h - power)) + 1) / power)))];
    }
}
