using System.Globalization;
using Homegrown.Engine.Tokenizers.Unicode;

namespace Homegrown.Engine.Tokenizers.Regexes;

/// <summary>General categories and the classes of POSIX by name, in capitals without underscores (Unicode 16).</summary>
static class CharacterProperties
{
    // In the order of UnicodeCategory.
    static readonly string[] Categories =
    [
        "LU", "LL", "LT", "LM", "LO", "MN", "MC", "ME", "ND", "NL", "NO", "ZS", "ZL", "ZP", "CC", "CF", "CS", "CO",
        "PC", "PD", "PS", "PE", "PI", "PF", "PO", "SM", "SC", "SK", "SO", "CN",
    ];

    static readonly Dictionary<string, string> LongNames = new()
    {
        ["LETTER"] = "L",
        ["UPPERCASELETTER"] = "LU",
        ["LOWERCASELETTER"] = "LL",
        ["TITLECASELETTER"] = "LT",
        ["MODIFIERLETTER"] = "LM",
        ["OTHERLETTER"] = "LO",
        ["MARK"] = "M",
        ["NUMBER"] = "N",
        ["DECIMALNUMBER"] = "ND",
        ["PUNCTUATION"] = "P",
        ["PUNCT"] = "P",
        ["SYMBOL"] = "S",
        ["SEPARATOR"] = "Z",
        ["OTHER"] = "C",
        ["DIGIT"] = "ND",
        ["CNTRL"] = "CC",
        ["NONSPACINGMARK"] = "MN",
    };

    public static CodePoints? Find(string name)
    {
        name = LongNames.GetValueOrDefault(name, name);
        switch (name)
        {
            case "ANY": return CodePoints.All;
            case "SPACE" or "WHITESPACE": return LibraryClasses.Space;
            case "WORD": return LibraryClasses.Word;
            case "ALNUM": return LibraryClasses.Word.Except(CodePoints.Where(category => category == UnicodeCategory.ConnectorPunctuation));
            case "ALPHA" or "ALPHABETIC":
                return CodePoints.Where(category => category <= UnicodeCategory.OtherLetter || category is UnicodeCategory.LetterNumber);
            case "UPPER" or "UPPERCASE": name = "LU"; break;
            case "LOWER" or "LOWERCASE": name = "LL"; break;
            case "XDIGIT": return CodePoints.Parse("30-39 41-46 61-66");
            case "ASCII": return CodePoints.Range(0, 0x7F);
            case "BLANK": return CodePoints.Parse("9 20");
        }
        return name.Length is 1 or 2 && Array.Exists(Categories, category => category.StartsWith(name, StringComparison.Ordinal))
            ? CodePoints.Where(category => Categories[(int)category].StartsWith(name, StringComparison.Ordinal))
            : null;
    }
}
