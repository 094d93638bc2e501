using System.Buffers;
using System.Text;

namespace Homegrown.Engine.Tokenizers;

/// <summary>
/// WordPiece as BERT has it (Devlin et al., arXiv 1810.04805): words are cut into the longest pieces from left to right, and a word with
/// a gap is unknown as a whole. GGUF writes a piece that begins a word with ▁ where vocab.txt marks the others with ##.
/// </summary>
sealed class WordPieceTokenizer : VocabularyTokenizer
{
    readonly PieceTrie pieces = new();
    readonly int unknown;
    readonly bool lowercase, stripAccents;

    // BERT's own vocabularies have [UNK], [CLS] and [SEP] at 100, 101 and 102. Texts stand between the latter two.
    public WordPieceTokenizer(VocabularyData data)
        : base(
            data with { Bos = data.Classify ?? data.Bos, Eos = data.Separator ?? data.Eos, AddBos = true, AddEos = true },
            bos: 101, eos: 102, unknown: 100, addBos: true, Spell)
    {
        unknown = Unknown ?? throw data.Error("unknown_token_id", "absent, and token 100 does not exist");
        lowercase = data.Lowercase ?? true;
        stripAccents = data.StripAccents ?? lowercase;
        for (var id = 0; id < Vocabulary.Count; id++)
            if (Vocabulary.IsText(id) && Vocabulary.Piece(id).Length > 0) pieces.Add(Vocabulary.Piece(id), id);
    }

    public override bool DropsLeadingSpace => true;

    protected override void EncodeText(ReadOnlySpan<char> text, List<int> ids, bool atStart)
    {
        var bert = new BertText(text, lowercase, stripAccents);
        var start = 0;
        foreach (var end in bert.Ends)
        {
            EncodeWord(bert.Letters[start..end], ids);
            start = end;
        }
    }

    public override EncodedPair EncodePair(string first, string second, bool parseSpecial = false)
    {
        if (Bos is not { } begin || Eos is not { } end) return base.EncodePair(first, second, parseSpecial);
        var ids = new List<int> { begin };
        Encode(first, ids, parseSpecial);
        ids.Add(end);
        var count = ids.Count;
        Encode(second, ids, parseSpecial);
        ids.Add(end);
        return new(ids, [.. Enumerable.Range(0, ids.Count).Select(i => i < count ? 0 : 1)]);
    }

    void EncodeWord(ReadOnlySpan<char> word, List<int> ids)
    {
        var start = ids.Count;
        while (!word.IsEmpty)
        {
            var length = pieces.Longest(word, out var id);
            if (length == 0)
            {
                ids.RemoveRange(start, ids.Count - start);
                ids.Add(unknown);
                return;
            }
            ids.Add(id);
            word = word[length..];
        }
    }

    static void Spell(string piece, IBufferWriter<byte> to) => Encoding.UTF8.GetBytes(piece.Replace('▁', ' '), to);
}
