namespace Homegrown.Engine.Tokenizers.PreTokenizers;

/// <summary>
/// The words of OpenAI's cl100k (tiktoken), on which Llama 3, Qwen 2 and others build:
/// (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
/// </summary>
/// <param name="digits">Numbers are cut into pieces of so many characters.</param>
/// <param name="marks">\p{M} counts as a letter (Qwen 3.5).</param>
sealed class LineWords(int digits, bool marks = false) : Splitter
{
    readonly CharClass letters = marks ? CharClass.Letter | CharClass.Mark : CharClass.Letter;

    public override int Next(ReadOnlySpan<char> text, int at)
    {
        if (Contraction(text, at, ignoreCase: true) is > 0 and var contraction) return at + contraction;

        var here = CharClasses.At(text, at, out var length);
        if ((here & letters) != 0) return CharClasses.Skip(text, at, letters);
        if (here == CharClass.Number) return Digits(text, at);
        // A word takes one character before it along, whatever it is but a line break or a number.
        if (text[at] is not ('\r' or '\n') && (CharClasses.At(text, at + length) & letters) != 0)
            return CharClasses.Skip(text, at + length, letters);

        var from = text[at] == ' ' && at + 1 < text.Length ? at + 1 : at;
        var others = CharClasses.SkipOthers(text, from, CharClass.Space | CharClass.Number | letters);
        return others > from ? SkipLineBreaks(text, others) : WhiteSpaceByLines(text, at);
    }

    int Digits(ReadOnlySpan<char> text, int at)
    {
        for (var i = 0; i < digits && CharClasses.At(text, at) == CharClass.Number; i++)
        {
            CharClasses.At(text, at, out var length);
            at += length;
        }
        return at;
    }
}
