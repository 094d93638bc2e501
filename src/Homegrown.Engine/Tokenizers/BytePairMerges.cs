using System.Numerics;

namespace Homegrown.Engine.Tokenizers;

/// <summary>
/// A merge list by ids: for each pair that joins, its rank and the token that it makes; and the tokens of single bytes. The pairs are
/// an open-addressed table, half full: looking one up is most of the work of encoding.
/// </summary>
sealed class BytePairMerges
{
    const ulong Free = ulong.MaxValue; // the pair (-1, -1), which no merge has

    readonly int[] byteIds = new int[256]; // -1 where the vocabulary lacks the byte
    readonly ulong[] pairs;                // [slots]
    readonly (int Rank, int Token)[] results; // [slots]

    public BytePairMerges(Vocabulary vocabulary, VocabularyData data)
    {
        for (var value = 0; value < 256; value++)
            byteIds[value] = vocabulary.TryFindText([ByteAlphabet.Letter((byte)value)], out var id) ? id : -1;

        var slots = (int)BitOperations.RoundUpToPowerOf2((2 * (uint)data.Merges.Count) + 2);
        (pairs, results) = (new ulong[slots], new (int, int)[slots]);
        Array.Fill(pairs, Free);
        for (var rank = 0; rank < data.Merges.Count; rank++) Add(vocabulary, data, rank);
    }

    public int ByteId(byte value) => byteIds[value];

    public bool TryGet(int left, int right, out int rank, out int token)
    {
        var slot = Find(Pair(left, right), out var known);
        (rank, token) = known ? results[slot] : (0, -1);
        return known;
    }

    void Add(Vocabulary vocabulary, VocabularyData data, int rank)
    {
        var merge = data.Merges[rank];
        var space = merge.Length < 2 ? -1 : merge.IndexOf(' ', 1);
        if (space < 0) throw data.Error("merges", $"entry {rank} '{merge}' is not two pieces with a space between");
        // A pair of pieces that are no tokens never arises from tokens, and what is no token cannot be put out: such entries have no
        // effect, as in llama.cpp. Of a pair given twice the better rank counts.
        var first = merge.AsSpan(0, space);
        var second = merge.AsSpan(space + 1);
        if (!vocabulary.TryFindText(first, out var left) || !vocabulary.TryFindText(second, out var right)
            || !vocabulary.TryFindText(string.Concat(first, second), out var token))
            return;
        var pair = Pair(left, right);
        var slot = Find(pair, out var known);
        if (!known) (pairs[slot], results[slot]) = (pair, (rank, token));
    }

    /// <summary>The slot of a pair, or the free one where it would be.</summary>
    int Find(ulong pair, out bool known)
    {
        var mask = pairs.Length - 1;
        // The upper bits of a product by 2^64 / golden ratio are well mixed (Knuth, TAOCP 3, 6.4).
        var slot = (int)(unchecked(pair * 0x9E3779B97F4A7C15) >> 33) & mask;
        while (pairs[slot] != Free && pairs[slot] != pair) slot = (slot + 1) & mask;
        known = pairs[slot] != Free;
        return slot;
    }

    static ulong Pair(int left, int right) => unchecked(((ulong)(uint)left << 32) | (uint)right);
}
