namespace Homegrown.Engine.Tokenizers;

/// <summary>What stands in for a tokenizer where a file has none: the model loads and takes ids, but no text.</summary>
sealed class NoTokenizer(string? model, int count) : Tokenizer
{
    public override int Count => count;

    public override TokenKind Kind(int id) => TokenKind.Normal;

    public override string Piece(int id) => throw Missing();

    public override int? Find(string piece) => throw Missing();

    public override void Encode(ReadOnlySpan<char> text, List<int> ids, bool parseSpecial, bool atStart = true) => throw Missing();

    public override ReadOnlySpan<byte> Bytes(int id) => [];

    NotSupportedException Missing() =>
        new($"This model file has no tokenizer ({(model is null ? "its field tokenizer.ggml.model is absent" : model)}): give token ids instead of text.");
}
