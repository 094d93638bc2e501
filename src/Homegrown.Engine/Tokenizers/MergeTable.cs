using System.Numerics;

namespace Homegrown.Engine.Tokenizers;

/// <summary>
/// Which symbols join: for a pair of tokens its rank and the token that it makes. An open-addressed table, at most half full, because
/// looking pairs up is most of the work of encoding. Most pairs join nothing, and a large table is beyond the nearer caches: a bit for
/// each hash, small enough for them, says no to nearly all of those.
/// </summary>
sealed class MergeTable
{
    const ulong Free = ulong.MaxValue; // the pair (-1, -1), which never joins

    /// <summary>Bits of the filter for each slot: 32 times less memory, and at half the slots one no in eight is missed at most.</summary>
    const int BitsASlot = 4;

    Merge[] merges = NewSlots(16);
    ulong[] filter = NewFilter(16);
    int count;

    /// <summary>Adds a pair; of one added twice the first counts.</summary>
    /// <param name="rank">From 0 to int.MaxValue - 1; the smallest joins first.</param>
    public void Add(int left, int right, int rank, int token)
    {
        if (2 * (count + 1) > merges.Length)
        {
            var old = merges;
            (merges, filter) = (NewSlots(2 * old.Length), NewFilter(2 * old.Length));
            foreach (var merge in old)
                if (merge.Pair != Free) Put(merge);
        }
        var pair = Pair(left, right);
        if (merges[Find(pair)].Pair != Free) return;
        Put(new Merge(pair, rank, token));
        count++;
    }

    public bool TryGet(int left, int right, out int rank, out int token)
    {
        var pair = Pair(left, right);
        var bit = Bit(pair);
        if ((filter[bit / 64] >> (int)(bit % 64) & 1) == 0)
        {
            (rank, token) = (0, -1);
            return false;
        }
        ref readonly var merge = ref merges[Find(pair)];
        (rank, token) = (merge.Rank, merge.Token);
        return token >= 0;
    }

    /// <summary>The slot of a pair, or the free one where it would be.</summary>
    int Find(ulong pair)
    {
        var mask = merges.Length - 1;
        var slot = (int)(Hash(pair) >> 33) & mask;
        while (merges[slot].Pair != Free && merges[slot].Pair != pair) slot = (slot + 1) & mask;
        return slot;
    }

    void Put(Merge merge)
    {
        merges[Find(merge.Pair)] = merge;
        var bit = Bit(merge.Pair);
        filter[bit / 64] |= 1UL << (int)(bit % 64);
    }

    ulong Bit(ulong pair) => Hash(pair) >> (64 - 6 - BitOperations.Log2((uint)filter.Length));

    // The upper bits of a product by 2^64 / golden ratio are well mixed (Knuth, TAOCP 3, 6.4).
    static ulong Hash(ulong pair) => unchecked(pair * 0x9E3779B97F4A7C15);

    static ulong[] NewFilter(int slots) => new ulong[slots * BitsASlot / 64];

    static Merge[] NewSlots(int count)
    {
        var slots = new Merge[count];
        Array.Fill(slots, new Merge(Free, 0, -1));
        return slots;
    }

    static ulong Pair(int left, int right) => unchecked(((ulong)(uint)left << 32) | (uint)right);

    readonly record struct Merge(ulong Pair, int Rank, int Token);
}
