namespace Homegrown.Engine.Tokenizers;

/// <summary>
/// Joins neighbouring symbols of a text, the best pair first and of equals the leftmost, until no pair is left: what byte-level BPE
/// (Sennrich et al., arXiv 1508.07909 §3.2) and SentencePiece's BPE have in common. They differ in what makes a pair good.
/// </summary>
/// <remarks>
/// Symbols are a doubly linked list in an array, so that a join is constant work; pairs wait in a <see cref="PairQueue"/>. A symbol is
/// known by the index of its first part. Instances are reused and serve one text at a time.
/// </remarks>
abstract class PairMerger
{
    /// <summary>A merger that a text has blown up beyond this is not worth its memory (20 bytes a symbol and more) for the next.</summary>
    public const int KeptCapacity = 1 << 20;

    const int None = int.MaxValue;

    /// <summary>Up to here looking at all pairs beats keeping a queue.</summary>
    const int ShortCount = 24;

    readonly PairQueue queue = new();
    Symbol[] symbols = [];
    int count;

    /// <summary>Symbols that fit without growing.</summary>
    public int Capacity => symbols.Length;

    /// <summary>Makes room for so many symbols.</summary>
    protected virtual void Reserve(int count)
    {
        if (count > Capacity) symbols = new Symbol[Math.Max(count, (int)Math.Min(2L * Capacity, Array.MaxLength))];
    }

    /// <summary>The token of a symbol, or -1; to be set for all before <see cref="Merge"/>.</summary>
    protected ref int Token(int symbol) => ref symbols[symbol].Token;

    /// <summary>The symbol after this one, or the number of symbols.</summary>
    protected int Next(int symbol) => symbols[symbol].Next;

    /// <summary>Whether two neighbours join: how good the pair is (smaller is better, below int.MaxValue) and the token that it makes.</summary>
    /// <param name="end">Index of the symbol after <paramref name="right"/>, or the number of symbols.</param>
    protected abstract bool TryPair(int left, int right, int end, out int priority, out int token);

    /// <summary>Joins what can be joined. Afterwards symbols are read off with <see cref="Next"/>, beginning at 0.</summary>
    protected void Merge(int count)
    {
        this.count = count;
        for (var i = 0; i < count; i++) (symbols[i].Next, symbols[i].Previous) = (i + 1, i - 1);
        var isShort = count <= ShortCount;
        for (var i = 0; i < count; i++) Look(i, isShort);
        if (isShort)
            while (Best() is >= 0 and var left) Join(left, isShort);
        else
            while (queue.TryPop(out var priority, out var left))
                // A pair that has lost a part since, or gained one, does not count any more.
                if (symbols[left].Priority == priority)
                    Join(left, isShort);
    }

    void Join(int leftIndex, bool isShort)
    {
        ref var left = ref symbols[leftIndex];
        ref var right = ref symbols[left.Next];
        left.Token = left.Joined;
        left.Next = right.Next;
        right.Priority = None;
        if (left.Next < count) symbols[left.Next].Previous = leftIndex;
        if (left.Previous >= 0) Look(left.Previous, isShort);
        Look(leftIndex, isShort);
    }

    void Look(int leftIndex, bool isShort)
    {
        ref var left = ref symbols[leftIndex];
        if (left.Next == count || !TryPair(leftIndex, left.Next, symbols[left.Next].Next, out left.Priority, out left.Joined)) left.Priority = None;
        else if (!isShort) queue.Push(left.Priority, leftIndex);
    }

    int Best()
    {
        var (best, bestPriority) = (-1, None);
        for (var i = 0; i < count; i = symbols[i].Next)
            if (symbols[i].Priority < bestPriority) (best, bestPriority) = (i, symbols[i].Priority);
        return best;
    }

    struct Symbol
    {
        public int Token, Next, Previous;

        /// <summary>The pair with the next symbol, None where there is none or this symbol is gone, and the token that it makes.</summary>
        public int Priority, Joined;
    }
}
