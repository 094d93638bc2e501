namespace Homegrown.Engine.Tokenizers;

/// <summary>
/// The ids of words met lately, for many threads. One slot for each hash, the newer word wins: bounded, and text that changes its
/// language changes the cache. Entries never change, so reading and writing a reference is all the care it needs. A word is kept when it
/// is met a second time with no other of its slot between: of noise most words come once, and keeping one costs more than merging it.
/// </summary>
sealed class WordCache
{
    const int Slots = 1 << 14;

    /// <summary>Longer words are rare, and would let a hostile text hold memory.</summary>
    const int LongestWord = 32;

    readonly Entry?[] slots = new Entry?[Slots];
    readonly int[] kept = new int[Slots]; // the hash of the entry's word: a look at it spares most looks at the entry
    readonly int[] met = new int[Slots]; // the hash of the word that was added last

    /// <param name="hash">Of the word, to be handed to <see cref="Add"/> where the word is not found.</param>
    public bool TryGet(ReadOnlySpan<char> word, out int hash, out ReadOnlySpan<int> ids)
    {
        hash = 0;
        ids = default;
        if (word.Length > LongestWord) return false;
        hash = string.GetHashCode(word);
        var slot = hash & (Slots - 1);
        if (kept[slot] != hash) return false;
        var entry = Volatile.Read(ref slots[slot]);
        if (entry is null || !word.SequenceEqual(entry.Word)) return false;
        ids = entry.Ids;
        return true;
    }

    public void Add(ReadOnlySpan<char> word, int hash, ReadOnlySpan<int> ids)
    {
        if (word.Length > LongestWord) return;
        var slot = hash & (Slots - 1);
        if (met[slot] == hash)
        {
            Volatile.Write(ref slots[slot], new Entry(word.ToString(), ids.ToArray()));
            kept[slot] = hash;
        }
        met[slot] = hash;
    }

    sealed record Entry(string Word, int[] Ids);
}
