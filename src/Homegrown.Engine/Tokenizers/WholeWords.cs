using System.Numerics;
using System.Text;

namespace Homegrown.Engine.Tokenizers;

/// <summary>
/// The words of byte-level BPE that are tokens as a whole, whatever the merges would make of them. Most words of noise are none, and
/// asking a large vocabulary means several misses of the processor's caches: a bit for each hash of a token's text says so first.
/// </summary>
sealed class WholeWords
{
    readonly Vocabulary vocabulary;
    readonly ulong[] filter; // 16 bits a token and more: one no in sixteen is missed at most

    public WholeWords(Vocabulary vocabulary)
    {
        this.vocabulary = vocabulary;
        filter = new ulong[BitOperations.RoundUpToPowerOf2((uint)(vocabulary.Count / 4) + 1)];
        var text = new char[256];
        for (var id = 0; id < vocabulary.Count; id++)
        {
            var bytes = vocabulary.Bytes(id);
            if (bytes.Length > text.Length) text = new char[bytes.Length];
            var bit = Bit(text.AsSpan(0, Encoding.UTF8.GetChars(bytes, text)));
            filter[bit / 64] |= 1UL << (int)(bit % 64);
        }
    }

    public bool TryFind(ReadOnlySpan<char> word, out int id)
    {
        id = -1;
        if (word.Length > vocabulary.LongestPiece) return false;
        var bit = Bit(word);
        if ((filter[bit / 64] >> (int)(bit % 64) & 1) == 0) return false;
        var bytes = new byte[Encoding.UTF8.GetByteCount(word)];
        Encoding.UTF8.GetBytes(word, bytes);
        return vocabulary.TryFindText(Array.ConvertAll(bytes, ByteAlphabet.Letter), out id);
    }

    uint Bit(ReadOnlySpan<char> text) => unchecked((uint)string.GetHashCode(text)) & (((uint)filter.Length * 64) - 1);
}
