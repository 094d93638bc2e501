using System.Runtime.InteropServices;
using System.Text;
using Homegrown.Engine.Tokenizers.PreTokenizers;

namespace Homegrown.Engine.Tokenizers;

/// <summary>Encodes words; holds the buffers for it.</summary>
sealed class BytePairMerger(Vocabulary vocabulary, BytePairMerges merges, bool ignoreMerges) : PairMerger(merges.Table)
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
            for (var i = 0; i < count; i++) Token(i) = merges.ByteId(bytes[i]);
            Merge(count);
            // A byte that the vocabulary lacks has no id and is left out, as by every implementation of this format.
            for (var i = 0; i < count; i = Next(i))
                if (Token(i) >= 0) ids.Add(Token(i));
        }
        return CollectionsMarshal.AsSpan(ids);
    }

    protected override void Reserve(int count)
    {
        base.Reserve(count);
        if (bytes.Length < Capacity) (bytes, letters) = (new byte[Capacity], new char[Capacity]);
    }

    bool TryWhole(ReadOnlySpan<byte> word, out int id)
    {
        id = -1;
        if (word.Length > vocabulary.LongestPiece) return false;
        for (var i = 0; i < word.Length; i++) letters[i] = ByteAlphabet.Letter(word[i]);
        return vocabulary.TryFindText(letters.AsSpan(0, word.Length), out id);
    }
}
