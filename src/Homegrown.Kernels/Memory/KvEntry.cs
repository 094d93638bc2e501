namespace Homegrown.Kernels.Memory;

/// <summary>
/// What a layer keeps of a position: keys and values of its heads; keys without values (<paramref name="ValueDim"/> 0) for a layer
/// that only chooses positions.
/// </summary>
public readonly record struct KvEntry(int KvHeads, int KeyDim, int ValueDim)
{
    /// <summary>
    /// The values are the first ValueDim numbers of the keys and are kept once, a position's numbers side by side (latent
    /// attention: DeepSeek-V2, arXiv 2405.04434 §2.1.2).
    /// </summary>
    public bool ValuesInKeys { get; init; }

    /// <summary>One head of keys for all heads of queries, whose first numbers are the values.</summary>
    public static KvEntry Latent(int keyDim, int valueDim) => new(1, keyDim, valueDim) { ValuesInKeys = true };

    /// <summary>Bytes that a position takes, in whole squares of <see cref="KvPanels"/>.</summary>
    public long BytesPerPosition(KvType type)
        => (long)KvHeads * (KvPanels.Squares(KeyDim) + (ValuesInKeys ? 0 : KvPanels.Squares(ValueDim))) * KvPanels.SquareBytes(type) / KvPanels.Side;
}
