using System.Runtime.InteropServices;
using System.Text;
using Homegrown.Engine.Tokenizers.PreTokenizers;

namespace Homegrown.Engine.Tokenizers;

/// <summary>A merge list by ids: for each pair that joins, its rank and the token that it makes; and the tokens of single bytes.</summary>
sealed class BytePairMerges
{
    readonly Dictionary<(int Left, int Right), (int Rank, int Token)> merges;
    readonly int[] byteIds = new int[256]; // -1 where the vocabulary lacks the byte

    public BytePairMerges(Vocabulary vocabulary, VocabularyData data)
    {
        for (var value = 0; value < 256; value++)
            byteIds[value] = vocabulary.TryFindText([ByteAlphabet.Letter((byte)value)], out var id) ? id : -1;

        merges = new Dictionary<(int, int), (int, int)>(data.Merges.Count);
        for (var rank = 0; rank < data.Merges.Count; rank++)
        {
            var merge = data.Merges[rank].AsSpan();
            var space = merge.Length < 2 ? -1 : merge[1..].IndexOf(' ') + 1;
            if (space <= 0) throw data.Error("merges", $"entry {rank} '{merge}' is not two pieces with a space between");
            // A pair of pieces that are no tokens can never arise from tokens, and what is no token cannot be put out: such entries have no
            // effect, as in llama.cpp. Of a pair given twice the better rank counts.
            if (vocabulary.TryFindText(merge[..space], out var left) && vocabulary.TryFindText(merge[(space + 1)..], out var right)
                && vocabulary.TryFindText(string.Concat(merge[..space], merge[(space + 1)..]), out var token))
                merges.TryAdd((left, right), (rank, token));
        }
    }

    public int ByteId(byte value) => byteIds[value];

    public bool TryGet(int left, int right, out int rank, out int token)
    {
        var known = merges.TryGetValue((left, right), out var merge);
        (rank, token) = merge;
        return known;
    }
}

/// <summary>Encodes words; holds the buffers for it.</summary>
sealed class BytePairMerger(Vocabulary vocabulary, BytePairMerges merges, bool ignoreMerges) : PairMerger
{
    readonly List<int> ids = [];
    byte[] bytes = [];
    char[] letters = [];

    public WordBuffer Words { get; } = new();

    /// <summary>The ids of one word, until the next call.</summary>
    public ReadOnlySpan<int> Encode(ReadOnlySpan<char> word)
    {
        var count = Encoding.UTF8.GetByteCount(word);
        Reserve(count);
        Encoding.UTF8.GetBytes(word, bytes);
        ids.Clear();
        if (ignoreMerges && TryWhole(bytes.AsSpan(0, count), out var whole)) ids.Add(whole);
        else
        {
            for (var i = 0; i < count; i++) Ids[i] = merges.ByteId(bytes[i]);
            Merge(count);
            // A byte that the vocabulary lacks has no id and is left out, as by every implementation of this format.
            for (var i = 0; i < count; i = Next(i))
                if (Ids[i] >= 0) ids.Add(Ids[i]);
        }
        return CollectionsMarshal.AsSpan(ids);
    }

    protected override void Reserve(int symbols)
    {
        base.Reserve(symbols);
        if (bytes.Length < Capacity) (bytes, letters) = (new byte[Capacity], new char[Capacity]);
    }

    protected override bool TryPair(int left, int right, int end, out int priority, out int token) =>
        merges.TryGet(Ids[left], Ids[right], out priority, out token);

    bool TryWhole(ReadOnlySpan<byte> word, out int id)
    {
        id = -1;
        if (word.Length > vocabulary.LongestPiece) return false;
        for (var i = 0; i < word.Length; i++) letters[i] = ByteAlphabet.Letter(word[i]);
        return vocabulary.TryFindText(letters.AsSpan(0, word.Length), out id);
    }
}
