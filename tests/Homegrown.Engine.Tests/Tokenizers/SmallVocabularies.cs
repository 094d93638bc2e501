using Homegrown.Engine.Tokenizers;

namespace Homegrown.Engine.Tests.Tokenizers;

/// <summary>Vocabularies small enough to reckon by hand.</summary>
static class SmallVocabularies
{
    /// <summary>All bytes, a few merges of "l o w e r", and special tokens of three kinds.</summary>
    public static VocabularyData BytePair { get; } = Build(
        "gpt2",
        [
            .. Enumerable.Range(0, 256).Select(value => (ByteAlphabet.Letter((byte)value).ToString(), TokenKind.Normal)),
            ("lo", TokenKind.Normal), ("low", TokenKind.Normal), ("er", TokenKind.Normal), ("Ġlow", TokenKind.Normal),
            ("<|im_start|>", TokenKind.Control), ("<|im_end|>", TokenKind.Control), ("<tool>", TokenKind.UserDefined), ("<tools>", TokenKind.UserDefined),
        ]) with
    { Pre = "gpt-2", Merges = ["l o", "lo w", "e r", "Ġ low"] };

    /// <summary>Bytes, letters and pieces with scores; "▁" goes before a text.</summary>
    public static VocabularyData SentencePiece { get; } = Build(
        "llama",
        [
            ("<unk>", TokenKind.Unknown), ("<s>", TokenKind.Control), ("</s>", TokenKind.Control),
            .. Enumerable.Range(0, 256).Select(value => ($"<0x{value:X2}>", TokenKind.Byte)),
            ("▁", TokenKind.Normal), ("a", TokenKind.Normal), ("b", TokenKind.Normal), ("aa", TokenKind.Normal), ("ab", TokenKind.Normal),
            ("▁a", TokenKind.Normal), ("aab", TokenKind.Normal), ("<t>", TokenKind.UserDefined),
        ]);

    public static VocabularyData WordPiece { get; } = Build(
        "bert",
        [
            ("[PAD]", TokenKind.Control), ("[UNK]", TokenKind.Control), ("[CLS]", TokenKind.Control), ("[SEP]", TokenKind.Control),
            ("▁un", TokenKind.Normal), ("aff", TokenKind.Normal), ("able", TokenKind.Normal), ("▁cafe", TokenKind.Normal), ("▁,", TokenKind.Normal),
            ("▁日", TokenKind.Normal), ("▁本", TokenKind.Normal), ("▁ᄒ", TokenKind.Normal), ("ᅡ", TokenKind.Normal), ("ᆫ", TokenKind.Normal),
        ]) with
    { Unknown = 1, Classify = 2, Separator = 3 };

    public static int Id(this Tokenizer tokenizer, string piece) => tokenizer.Find(piece) ?? throw new KeyNotFoundException(piece);

    public static string[] Pieces(this Tokenizer tokenizer, string text, bool parseSpecial = false)
    {
        var ids = new List<int>();
        tokenizer.Encode(text, ids, parseSpecial);
        return [.. ids.Select(tokenizer.Piece)];
    }

    static VocabularyData Build(string model, (string Piece, TokenKind Kind)[] tokens) => new()
    {
        Model = model,
        Tokens = [.. tokens.Select(token => token.Piece)],
        Kinds = [.. tokens.Select(token => (int)token.Kind)],
        Scores = [.. tokens.Select((token, id) => token.Kind == TokenKind.Normal ? -(float)id : 0)],
    };
}
