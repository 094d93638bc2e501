using System.Buffers;
using System.Text;

namespace Homegrown.Engine.Tokenizers;

/// <summary>
/// SentencePiece's BPE (Kudo and Richardson, arXiv 1808.06226), GGUF's "llama": the text as a whole, spaces written ▁, is merged from
/// characters, the pair that makes the piece with the highest score first; characters without a piece become their bytes.
/// </summary>
sealed class SentencePieceTokenizer : VocabularyTokenizer
{
    readonly PieceScores scores;
    readonly bool addSpacePrefix;
    SentencePieceMerger? idle;

    // sentencepiece numbers unknown, begin and end 0, 1 and 2 unless told otherwise.
    public SentencePieceTokenizer(VocabularyData data)
        : base(data, bos: 1, eos: 2, unknown: 0, addBos: true, Spell)
    {
        addSpacePrefix = data.AddSpacePrefix ?? true;
        scores = new PieceScores(Vocabulary, data, Unknown);
    }

    public override bool DropsLeadingSpace => addSpacePrefix;

    protected override void EncodeText(ReadOnlySpan<char> text, List<int> ids, bool atStart)
    {
        var merger = Interlocked.Exchange(ref idle, null) ?? new SentencePieceMerger(Vocabulary, scores);
        merger.Encode(text, addSpacePrefix && atStart, ids);
        if (merger.Capacity <= PairMerger.KeptCapacity) idle = merger;
    }

    static void Spell(string piece, IBufferWriter<byte> to) => Encoding.UTF8.GetBytes(piece.Replace('▁', ' '), to);
}
