using System.Globalization;
using System.Text;

namespace Homegrown.Engine.Chat.Jinja;

/// <summary>
/// Upper, lower and title case of Unicode, a code point at a time, as Python has it, with those letters that become several
/// (Unicode's SpecialCasing.txt, the unconditional rows that occur in prose).
/// </summary>
static class Casing
{
    static readonly (string, string)[] Expanding =
        [("ß", "SS"), ("ŉ", "ʼN"), ("ﬀ", "FF"), ("ﬁ", "FI"), ("ﬂ", "FL"), ("ﬃ", "FFI"), ("ﬄ", "FFL"), ("ﬅ", "ST"), ("ﬆ", "ST")];

    public static Text Lower(Text text) => text.Map(Lower);

    public static Text Upper(Text text) => text.Map(Upper);

    public static Text Swap(Text text) => Rewrite(text, (rune, _) =>
        Rune.IsUpper(rune) ? Lower(rune.ToString()) : Rune.IsLower(rune) ? Upper(rune.ToString()) : rune.ToString());

    /// <summary>A capital at the start, the rest small.</summary>
    public static Text Capitalize(Text text) => Rewrite(text, (rune, previous) => previous is null ? ToTitle(rune) : Lower(rune.ToString()));

    /// <summary>A capital after everything that is not a cased letter, as str.title does it.</summary>
    public static Text Title(Text text) => Rewrite(text, (rune, previous) =>
        previous is { } before && IsCased(before) ? Lower(rune.ToString()) : ToTitle(rune));

    /// <summary>A capital after white space, brackets and hyphens, as Jinja2's title filter does it.</summary>
    public static Text TitleWords(Text text) => Rewrite(text, (rune, previous) =>
        previous is { } before && !StartsWord(before) ? Lower(rune.ToString()) : Upper(rune.ToString()));

    public static bool IsUpper(string text) => text.EnumerateRunes().Any(IsCased) && !text.EnumerateRunes().Any(rune => IsCased(rune) && !Rune.IsUpper(rune));

    public static bool IsLower(string text) => text.EnumerateRunes().Any(IsCased) && !text.EnumerateRunes().Any(rune => IsCased(rune) && !Rune.IsLower(rune));

    public static bool IsTitle(string text)
    {
        var (inWord, any) = (false, false);
        foreach (var rune in text.EnumerateRunes())
        {
            if (IsCased(rune) && inWord == Rune.IsUpper(rune)) return false;
            inWord = IsCased(rune);
            any |= inWord;
        }
        return any;
    }

    static string Lower(string text) => text.Replace("İ", "i̇", StringComparison.Ordinal).ToLowerInvariant();

    static string Upper(string text)
    {
        var upper = text.ToUpperInvariant();
        foreach (var (letter, several) in Expanding) upper = upper.Replace(letter, several, StringComparison.Ordinal);
        return upper;
    }

    static string ToTitle(Rune rune) => Upper(rune.ToString()) is var upper && upper.Length > rune.Utf16SequenceLength ? upper[..1] + Lower(upper[1..]) : upper;

    static bool StartsWord(Rune before) => before.IsBmp && (Whitespace.Is((char)before.Value) || before.Value is '-' or '(' or '{' or '[' or '<');

    static bool IsCased(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter;

    /// <param name="rewrite">Gets a code point and the one before it.</param>
    static Text Rewrite(Text text, Func<Rune, Rune?, string> rewrite)
    {
        var result = new TextBuilder();
        Rune? previous = null;
        foreach (var (start, end, fromCaller) in text.Runs())
        {
            foreach (var rune in text.Value.AsSpan(start, end - start).EnumerateRunes())
            {
                result.Append(rewrite(rune, previous), fromCaller);
                previous = rune;
            }
        }
        return result.ToText();
    }
}
