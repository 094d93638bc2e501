namespace Homegrown.Engine.Chat.Jinja;

enum TokenKind
{
    /// <summary>Template text outside tags.</summary>
    Data,
    BlockBegin,
    BlockEnd,
    PrintBegin,
    PrintEnd,
    Name,
    String,
    Number,
    Operator,
    End,
}

/// <param name="Text">As it stands in the source; for <see cref="TokenKind.String"/> and <see cref="TokenKind.Data"/> the text it means.</param>
/// <param name="Number">long or double, for <see cref="TokenKind.Number"/>.</param>
readonly record struct Token(TokenKind Kind, string Text, int Line, object? Number = null)
{
    /// <summary>For messages, in Jinja2's words.</summary>
    public override string ToString() => Kind switch
    {
        TokenKind.Data => "template data / text",
        TokenKind.BlockBegin => "begin of statement block",
        TokenKind.BlockEnd => "end of statement block",
        TokenKind.PrintBegin => "begin of print statement",
        TokenKind.PrintEnd => "end of print statement",
        TokenKind.End => "end of template",
        _ => Text,
    };
}
