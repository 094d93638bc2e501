namespace Homegrown.Engine.Tokenizers.PreTokenizers;

/// <summary>
/// GPT-2's words (Radford et al. 2019, encoder.py):
/// 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
/// </summary>
sealed class Gpt2Words : Splitter
{
    public override int Next(ReadOnlySpan<char> text, int at)
    {
        if (Contraction(text, at, ignoreCase: false) is > 0 and var length) return at + length;
        var from = text[at] == ' ' && at + 1 < text.Length ? at + 1 : at;
        return CharClasses.At(text, from) switch
        {
            CharClass.Letter => CharClasses.Skip(text, from, CharClass.Letter),
            CharClass.Number => CharClasses.Skip(text, from, CharClass.Number),
            CharClass.Space => WhiteSpace(text, at),
            _ => CharClasses.SkipOthers(text, from, CharClass.Space | CharClass.Letter | CharClass.Number),
        };
    }
}
