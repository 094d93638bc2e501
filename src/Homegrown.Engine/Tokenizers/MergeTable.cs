namespace Homegrown.Engine.Tokenizers;

/// <summary>
/// Which symbols join: for a pair of tokens its rank and the token that it makes. An open-addressed table, at most half full, because
/// looking pairs up is most of the work of encoding.
/// </summary>
sealed class MergeTable
{
    const ulong Free = ulong.MaxValue; // the pair (-1, -1), which never joins

    Merge[] merges = NewSlots(16);
    int count;

    /// <summary>Adds a pair; of one added twice the first counts.</summary>
    /// <param name="rank">From 0 to int.MaxValue - 1; the smallest joins first.</param>
    public void Add(int left, int right, int rank, int token)
    {
        if (2 * (count + 1) > merges.Length)
        {
            var old = merges;
            merges = NewSlots(2 * old.Length);
            foreach (var merge in old)
                if (merge.Pair != Free) merges[Find(merge.Pair)] = merge;
        }
        var pair = Pair(left, right);
        ref var slot = ref merges[Find(pair)];
        if (slot.Pair != Free) return;
        slot = new Merge(pair, rank, token);
        count++;
    }

    public bool TryGet(int left, int right, out int rank, out int token)
    {
        ref readonly var merge = ref merges[Find(Pair(left, right))];
        (rank, token) = (merge.Rank, merge.Token);
        return token >= 0;
    }

    /// <summary>The slot of a pair, or the free one where it would be.</summary>
    int Find(ulong pair)
    {
        var mask = merges.Length - 1;
        // The upper bits of a product by 2^64 / golden ratio are well mixed (Knuth, TAOCP 3, 6.4).
        var slot = (int)(unchecked(pair * 0x9E3779B97F4A7C15) >> 33) & mask;
        while (merges[slot].Pair != Free && merges[slot].Pair != pair) slot = (slot + 1) & mask;
        return slot;
    }

    static Merge[] NewSlots(int count)
    {
        var slots = new Merge[count];
        Array.Fill(slots, new Merge(Free, 0, -1));
        return slots;
    }

    static ulong Pair(int left, int right) => unchecked(((ulong)(uint)left << 32) | (uint)right);

    readonly record struct Merge(ulong Pair, int Rank, int Token);
}
