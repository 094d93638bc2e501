using System.Buffers;
using System.Text;

namespace Homegrown.Engine.Tokenizers;

/// <summary>
/// SentencePiece's BPE (Kudo and Richardson, arXiv 1808.06226), GGUF's "llama": the text as a whole, spaces written ▁, is merged from
/// characters, the pair that makes the piece with the highest score first; characters without a piece become their bytes.
/// </summary>
sealed class SentencePieceTokenizer : VocabularyTokenizer
{
    readonly SentencePieceMerges merges;
    readonly WordCache cache = new();
    readonly bool addSpacePrefix;
    readonly bool wordsAreApart;
    SentencePieceMerger? idle;

    // sentencepiece numbers unknown, begin and end 0, 1 and 2 unless told otherwise.
    public SentencePieceTokenizer(VocabularyData data)
        : base(data, bos: 1, eos: 2, unknown: 0, addBos: true, Spell)
    {
        addSpacePrefix = data.AddSpacePrefix ?? true;
        merges = new SentencePieceMerges(Vocabulary, data, Unknown);
        wordsAreApart = Enumerable.Range(0, Vocabulary.Count).All(id => !Vocabulary.IsText(id) || WordEnd(Piece(id), 0) == Piece(id).Length);
    }

    public override bool DropsLeadingSpace => addSpacePrefix;

    protected override void EncodeText(ReadOnlySpan<char> text, List<int> ids, bool atStart)
    {
        var merger = Interlocked.Exchange(ref idle, null) ?? new SentencePieceMerger(merges);
        var written = merger.Write(text, addSpacePrefix && atStart);
        // Where no piece goes on after a word, no merge crosses the border of two, and each can be encoded alone.
        for (var start = 0; start < written.Length;)
        {
            var end = wordsAreApart ? WordEnd(written, start) : written.Length;
            if (!cache.TryGet(written[start..end], out var hash, out var known))
            {
                known = merger.Encode(start, end);
                cache.Add(written[start..end], hash, known);
            }
            ids.AddRange(known);
            start = end;
        }
        if (merger.Capacity <= KeptCapacity) idle = merger;
    }

    /// <summary>Where a word and the ▁ before it end: at the next ▁.</summary>
    static int WordEnd(ReadOnlySpan<char> text, int start)
    {
        var word = text[start..].IndexOfAnyExcept('▁');
        if (word < 0) return text.Length;
        var next = text[(start + word)..].IndexOf('▁');
        return next < 0 ? text.Length : start + word + next;
    }

    static void Spell(string piece, IBufferWriter<byte> to) => Encoding.UTF8.GetBytes(piece.Replace('▁', ' '), to);
}
