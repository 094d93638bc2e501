namespace Homegrown.Engine.Tokenizers.PreTokenizers;

/// <summary>
/// The words of DeepSeek-V3 (tokenizer.json, third split):
/// [ASCII punctuation][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
/// </summary>
sealed class DeepSeekWords : Splitter
{
    const CharClass Letters = CharClass.Letter | CharClass.Mark;
    const CharClass Signs = CharClass.Punctuation | CharClass.Symbol;

    public override int Next(ReadOnlySpan<char> text, int at)
    {
        if (text[at] < 0x80 && (CharClasses.At(text, at) & Signs) != 0 && at + 1 < text.Length && char.IsAsciiLetter(text[at + 1]))
        {
            while (++at < text.Length && char.IsAsciiLetter(text[at])) ;
            return at;
        }
        if (StartsWord(text, at, out var letters)) return CharClasses.Skip(text, letters, Letters);

        var from = text[at] == ' ' && at + 1 < text.Length ? at + 1 : at;
        var signs = CharClasses.Skip(text, from, Signs);
        if (signs > from) return SkipLineBreaks(text, signs);
        if (CharClasses.At(text, at) == CharClass.Space) return WhiteSpaceByLines(text, at);

        // Numbers and characters without a class match nothing: they are what lies between matches.
        do
        {
            CharClasses.At(text, at, out var length);
            at += length;
        }
        while (at < text.Length && (CharClasses.At(text, at) & (Signs | CharClass.Space)) == 0 && !StartsWord(text, at, out _));
        return at;
    }

    /// <summary>[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+: where its letters begin.</summary>
    static bool StartsWord(ReadOnlySpan<char> text, int at, out int letters)
    {
        letters = at;
        var here = CharClasses.At(text, at, out var length);
        if ((here & Letters) != 0) return true;
        letters = at + length;
        return (here & Signs) == 0 && text[at] is not ('\r' or '\n') && (CharClasses.At(text, letters) & Letters) != 0;
    }
}
