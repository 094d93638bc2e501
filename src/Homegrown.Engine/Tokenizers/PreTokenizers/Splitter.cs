namespace Homegrown.Engine.Tokenizers.PreTokenizers;

/// <summary>
/// One regex of a pre-tokenizer as a hand-written scanner, so that no text makes it backtrack. It cuts a text into its matches and
/// what lies between them, as an "isolated" split does. Stateless.
/// </summary>
abstract class Splitter
{
    /// <summary>The end of the piece that begins at <paramref name="at"/>: beyond it, at most the length of the text.</summary>
    /// <param name="text">All that look-around sees.</param>
    public abstract int Next(ReadOnlySpan<char> text, int at);

    /// <summary>
    /// \s+(?!\S)|\s+ at white space: the whole run at the end of the text, else all but its last character, which belongs to the word
    /// that follows; a lone one is a piece.
    /// </summary>
    protected static int WhiteSpace(ReadOnlySpan<char> text, int at)
    {
        var end = CharClasses.Skip(text, at, CharClass.Space);
        return end == text.Length || end == at + 1 ? end : end - 1;
    }

    /// <summary>\s*[\r\n]+|\s+(?!\S)|\s+ at white space: up to the last line break of the run if it has one, else as <see cref="WhiteSpace"/>.</summary>
    protected static int WhiteSpaceByLines(ReadOnlySpan<char> text, int at)
    {
        var run = text[at..CharClasses.Skip(text, at, CharClass.Space)];
        var lineBreak = run.LastIndexOfAny('\r', '\n');
        return lineBreak >= 0 ? at + lineBreak + 1 : WhiteSpace(text, at);
    }

    /// <summary>[\r\n]*</summary>
    protected static int SkipLineBreaks(ReadOnlySpan<char> text, int at)
    {
        while (at < text.Length && text[at] is '\r' or '\n') at++;
        return at;
    }

    /// <summary>'s|'t|'re|'ve|'m|'ll|'d: the length of the match at <paramref name="at"/>, or 0.</summary>
    /// <param name="ignoreCase">As (?i) folds: upper case, and ſ (U+017F) for s.</param>
    protected static int Contraction(ReadOnlySpan<char> text, int at, bool ignoreCase)
    {
        if (text[at] != '\'') return 0;
        return (Letter(text, at + 1), Letter(text, at + 2)) switch
        {
            ('s' or 't' or 'm' or 'd', _) => 2,
            ('r', 'e') or ('v', 'e') or ('l', 'l') => 3,
            _ => 0,
        };

        char Letter(ReadOnlySpan<char> text, int at)
        {
            if (at >= text.Length) return '\0';
            if (!ignoreCase) return text[at];
            return text[at] == 'ſ' ? 's' : char.ToLowerInvariant(text[at]);
        }
    }
}
