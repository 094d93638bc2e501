namespace Homegrown.Engine.Tokenizers;

/// <summary>
/// The ids of words met lately, for many threads. One slot for each hash, the newer word wins: bounded, and text that changes its
/// language changes the cache. Entries never change, so reading and writing a reference is all the care it needs.
/// </summary>
sealed class WordCache
{
    const int Slots = 1 << 14;

    /// <summary>Longer words are rare, and would let a hostile text hold memory.</summary>
    const int LongestWord = 32;

    readonly Entry?[] slots = new Entry?[Slots];

    public bool TryGet(ReadOnlySpan<char> word, out ReadOnlySpan<int> ids)
    {
        ids = default;
        if (word.Length > LongestWord) return false;
        var entry = Volatile.Read(ref slots[Slot(word)]);
        if (entry is null || !word.SequenceEqual(entry.Word)) return false;
        ids = entry.Ids;
        return true;
    }

    public void Add(ReadOnlySpan<char> word, ReadOnlySpan<int> ids)
    {
        if (word.Length <= LongestWord) Volatile.Write(ref slots[Slot(word)], new Entry(word.ToString(), ids.ToArray()));
    }

    static int Slot(ReadOnlySpan<char> word) => string.GetHashCode(word) & (Slots - 1);

    sealed record Entry(string Word, int[] Ids);
}
