namespace Homegrown.Engine.Tokenizers;

/// <summary>
/// Joins neighbouring symbols of a text, the best pair first and of equals the leftmost, until no pair is left: what byte-level BPE
/// (Sennrich et al., arXiv 1508.07909 §3.2) and SentencePiece's BPE have in common. They differ in the symbols that a text begins as and
/// in what makes a pair good.
/// </summary>
/// <remarks>
/// Symbols are a doubly linked list in an array, so that a join is constant work. A heap has the pairs that are better than both of
/// their neighbours: no other can be the next. So it stays small, for one letter repeated as small as one pair, and a join costs little
/// more than looking at the two pairs that it makes. A symbol is known by the index of its first part. Instances are reused and serve
/// one text at a time; what they merged stays until the next.
/// </remarks>
sealed class PairMerger(MergeTable merges)
{
    const int None = int.MaxValue, Few = 16;

    readonly PairHeap heap = new();
    Symbol[] symbols = [];
    int count;

    /// <summary>Pairs looked at since the beginning, so that tests can count work instead of time.</summary>
    public long Looks { get; private set; }

    /// <summary>The token of a symbol, or -1 for one that never joins.</summary>
    public int Token(int symbol) => symbols[symbol].Token;

    /// <summary>The symbol after this one, or the number of symbols.</summary>
    public int Next(int symbol) => symbols[symbol].Next;

    /// <summary>Joins what can be joined. Afterwards symbols are read off with <see cref="Next"/>, beginning at 0.</summary>
    /// <param name="tokens">The token of each symbol, or -1 for one that never joins.</param>
    public void Merge(ReadOnlySpan<int> tokens)
    {
        count = tokens.Length;
        if (count > symbols.Length) symbols = new Symbol[Math.Max(count, (int)Math.Min(2L * symbols.Length, Array.MaxLength))];
        for (var i = 0; i < count; i++) (symbols[i].Token, symbols[i].Next, symbols[i].Previous) = (tokens[i], i + 1, i - 1);
        for (var i = 0; i < count; i++) Look(i);
        if (count <= Few) MergeFew();
        else MergeMany();
    }

    /// <summary>Looks all pairs through for the best: of few, faster than keeping them in order.</summary>
    void MergeFew()
    {
        while (true)
        {
            var (best, priority) = (-1, None);
            for (var i = 0; i < count; i = symbols[i].Next)
                if (symbols[i].Priority < priority) (best, priority) = (i, symbols[i].Priority);
            if (best < 0) return;
            Join(best);
        }
    }

    void MergeMany()
    {
        for (var i = 0; i < count; i++) Offer(i);
        while (heap.TryPop(out var priority, out var left))
        {
            // A pair that has lost a part since, or gained one, does not count any more.
            if (symbols[left].Priority != priority) continue;
            Join(left);

            // The two pairs have changed, and with them the neighbours of two more.
            if (symbols[left].Previous is >= 0 and var before)
            {
                Offer(symbols[before].Previous);
                Offer(before);
            }
            Offer(left);
            Offer(symbols[left].Next);
        }
    }

    void Join(int leftIndex)
    {
        ref var left = ref symbols[leftIndex];
        ref var right = ref symbols[left.Next];
        left.Token = left.Joined;
        left.Next = right.Next;
        right.Priority = None;
        var (before, after) = (left.Previous, left.Next);
        if (after < count) symbols[after].Previous = leftIndex;
        if (before >= 0) Look(before);
        Look(leftIndex);
    }

    /// <summary>Finds out what a symbol and its next one make.</summary>
    void Look(int leftIndex)
    {
        Looks++;
        ref var left = ref symbols[leftIndex];
        if (left.Next == count || !merges.TryGet(left.Token, symbols[left.Next].Token, out left.Priority, out left.Joined)) left.Priority = None;
    }

    /// <summary>Puts a pair into the heap if it comes before those on both sides.</summary>
    void Offer(int index)
    {
        if (index < 0 || index == count) return;
        var (priority, before, after) = (symbols[index].Priority, symbols[index].Previous, symbols[index].Next);
        if (priority != None
            && (before < 0 || priority < symbols[before].Priority)
            && (after == count || priority <= symbols[after].Priority))
            heap.Push(priority, index);
    }

    struct Symbol
    {
        public int Token, Next, Previous;

        /// <summary>The pair with the next symbol, None where there is none or this symbol is gone, and the token that it makes.</summary>
        public int Priority, Joined;
    }
}
