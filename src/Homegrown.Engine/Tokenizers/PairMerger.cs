namespace Homegrown.Engine.Tokenizers;

/// <summary>
/// Joins neighbouring symbols of a text, the best pair first and of equals the leftmost, until no pair is left: what byte-level BPE
/// (Sennrich et al., arXiv 1508.07909 §3.2) and SentencePiece's BPE have in common. They differ in what makes a pair good.
/// </summary>
/// <remarks>
/// Symbols are a doubly linked list over arrays, so that a join is constant work; pairs wait in a <see cref="PairQueue"/>. A
/// symbol is known by the index of its first part. Instances are reused and serve one text at a time.
/// </remarks>
abstract class PairMerger
{
    const int None = int.MaxValue;

    /// <summary>Up to here looking at all pairs beats keeping a queue.</summary>
    const int ShortCount = 24;

    readonly PairQueue queue = new();
    int[] next = [], previous = [], priority = [], joined = []; // [symbols]: neighbours; the pair with the next one and its token
    int count;

    /// <summary>Token of each symbol, or -1. To be filled before <see cref="Merge"/>.</summary>
    protected int[] Ids { get; private set; } = [];

    /// <summary>Symbols that fit without growing.</summary>
    public int Capacity => Ids.Length;

    /// <summary>Makes room for so many symbols.</summary>
    protected virtual void Reserve(int symbols)
    {
        if (symbols <= Capacity) return;
        var size = Math.Max(symbols, Math.Min(2L * Capacity, Array.MaxLength));
        (Ids, next, previous, priority, joined) = (new int[size], new int[size], new int[size], new int[size], new int[size]);
    }

    /// <summary>Whether two neighbours join: how good the pair is (smaller is better, below int.MaxValue) and the token that it makes.</summary>
    /// <param name="end">Index of the symbol after <paramref name="right"/>, or the number of symbols.</param>
    protected abstract bool TryPair(int left, int right, int end, out int priority, out int token);

    /// <summary>Joins what can be joined. Afterwards symbols are read off with <see cref="Next"/>, beginning at 0.</summary>
    protected void Merge(int symbols)
    {
        count = symbols;
        for (var i = 0; i < count; i++) (next[i], previous[i]) = (i + 1, i - 1);
        var isShort = count <= ShortCount;
        for (var i = 0; i < count; i++) Look(i, isShort);
        if (isShort)
            while (Best() is >= 0 and var left) Join(left, isShort);
        else
            while (queue.TryPop(out var pairPriority, out var left))
                // A pair that has lost a part since, or gained one, does not count any more.
                if (priority[left] == pairPriority)
                    Join(left, isShort);
    }

    /// <summary>The symbol after this one, or the number of symbols.</summary>
    protected int Next(int symbol) => next[symbol];

    void Join(int left, bool isShort)
    {
        var right = next[left];
        Ids[left] = joined[left];
        priority[right] = None;
        next[left] = next[right];
        if (next[left] < count) previous[next[left]] = left;
        if (previous[left] >= 0) Look(previous[left], isShort);
        Look(left, isShort);
    }

    void Look(int left, bool isShort)
    {
        var right = next[left];
        if (right == count || !TryPair(left, right, next[right], out priority[left], out joined[left])) priority[left] = None;
        else if (!isShort) queue.Push(priority[left], left);
    }

    int Best()
    {
        var (best, bestPriority) = (-1, None);
        for (var i = 0; i < count; i = next[i])
            if (priority[i] < bestPriority) (best, bestPriority) = (i, priority[i]);
        return best;
    }
}
