using System.Globalization;
using System.Text;

namespace Homegrown.Engine.Tokenizers.PreTokenizers;

/// <summary>What the regexes of tokenizers ask of a character. One bit each; control, format and unassigned characters have none.</summary>
[Flags]
enum CharClass : byte
{
    /// <summary>\p{L}</summary>
    Letter = 1,

    /// <summary>\p{N}: digits, and letters and signs that stand for numbers.</summary>
    Number = 2,

    /// <summary>\p{M}</summary>
    Mark = 4,

    /// <summary>\p{P}</summary>
    Punctuation = 8,

    /// <summary>\p{S}</summary>
    Symbol = 16,

    /// <summary>\s: White_Space, 25 characters, all below U+10000.</summary>
    Space = 32,
}

/// <summary>
/// Classes of characters in UTF-16 text. The categories are those of .NET 10, Unicode 16, as in the regex engines of the reference
/// implementations; .NET's white space is White_Space too.
/// </summary>
static class CharClasses
{
    static readonly CharClass[] Basic = BuildBasic(); // [0x10000]; half a surrogate pair counts as U+FFFD

    /// <summary>The class of the character at <paramref name="at"/> and its length in UTF-16 units.</summary>
    public static CharClass At(ReadOnlySpan<char> text, int at, out int length)
    {
        length = 1;
        var unit = text[at];
        if (!char.IsHighSurrogate(unit) || at + 1 == text.Length || !char.IsLowSurrogate(text[at + 1])) return Basic[unit];
        length = 2;
        return Of(CharUnicodeInfo.GetUnicodeCategory(char.ConvertToUtf32(unit, text[at + 1])));
    }

    /// <summary>The class of the character at <paramref name="at"/>; none at the end of the text.</summary>
    public static CharClass At(ReadOnlySpan<char> text, int at) => at < text.Length ? At(text, at, out _) : 0;

    /// <summary>Where a run of characters of these classes that begins at <paramref name="at"/> ends.</summary>
    public static int Skip(ReadOnlySpan<char> text, int at, CharClass classes)
    {
        while (at < text.Length && (At(text, at, out var length) & classes) != 0) at += length;
        return at;
    }

    /// <summary>Where a run of characters of none of these classes that begins at <paramref name="at"/> ends.</summary>
    public static int SkipOthers(ReadOnlySpan<char> text, int at, CharClass classes)
    {
        while (at < text.Length && (At(text, at, out var length) & classes) == 0) at += length;
        return at;
    }

    static CharClass Of(UnicodeCategory category) => category switch
    {
        <= UnicodeCategory.OtherLetter => CharClass.Letter,
        <= UnicodeCategory.EnclosingMark => CharClass.Mark,
        <= UnicodeCategory.OtherNumber => CharClass.Number,
        >= UnicodeCategory.ConnectorPunctuation and <= UnicodeCategory.OtherPunctuation => CharClass.Punctuation,
        >= UnicodeCategory.MathSymbol and <= UnicodeCategory.OtherSymbol => CharClass.Symbol,
        _ => 0,
    };

    static CharClass[] BuildBasic()
    {
        var classes = new CharClass[0x10000];
        for (var unit = 0; unit < classes.Length; unit++)
        {
            var character = char.IsSurrogate((char)unit) ? (char)Rune.ReplacementChar.Value : (char)unit;
            classes[unit] = char.IsWhiteSpace(character) ? CharClass.Space : Of(char.GetUnicodeCategory(character));
        }
        return classes;
    }
}
