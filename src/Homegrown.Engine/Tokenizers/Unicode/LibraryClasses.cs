using System.Globalization;

namespace Homegrown.Engine.Tokenizers.Unicode;

/// <summary>
/// Classes of characters as the parts of the tokenizers library (0.23) see them. Each part follows the tables of another crate, so of
/// another Unicode; here they are those of .NET (16) and what differs. Proved against the library's own classes over all code points.
/// </summary>
static class LibraryClasses
{
    /// <summary>White_Space, 25 characters.</summary>
    public static readonly CodePoints Space = CodePoints.Parse("9-D 20 85 A0 1680 2000-200A 2028-2029 202F 205F 3000");

    /// <summary>\w of the regexes: alphabetic, marks, decimal digits and connectors.</summary>
    public static readonly CodePoints Word = CodePoints
        .Where(category => category is <= UnicodeCategory.LetterNumber or UnicodeCategory.ConnectorPunctuation)
        .Or(CodePoints.Parse("24B6-24E9 1F130-1F149 1F150-1F169 1F170-1F189"));

    /// <summary>What makes a "single word": \w, and the joiners.</summary>
    public static readonly CodePoints WordOrJoiner = Word.Or(CodePoints.Parse("200C-200D"));

    /// <summary>Splits of BertPreTokenizer and Punctuation: \p{P} of Unicode 8, and all signs of ASCII.</summary>
    public static readonly CodePoints Punctuation = CodePoints
        .Where(category => category is >= UnicodeCategory.ConnectorPunctuation and <= UnicodeCategory.OtherPunctuation)
        .Or(CodePoints.Parse("21-2F 3A-40 5B-60 7B-7E 166D 111C9"))
        .Except(CodePoints.Parse(
        "61D 9FD A76 C77 C84 1B4E-1B4F 1B7D-1B7F 2E43-2E4F 2E52-2E5D 10D6E 10EAD 10F55-10F59 10F86-10F89 113D4-113D5 113D7-113D8 1144B-1144F " +
        "1145A-1145B 1145D 11660-1166C 116B9 1183B 11944-11946 119E2 11A3F-11A46 11A9A-11A9C 11A9E-11AA2 11B00-11B09 11BE1 11C41-11C45 11C70-11C71 " +
        "11EF7-11EF8 11F43-11F4F 11FFF 12FF1-12FF2 16D6D-16D6F 16E97-16E9A 16FE2 1E5FF 1E95E-1E95F"));

    /// <summary>Numeric characters of Digits: \p{N} of Unicode 17.</summary>
    public static readonly CodePoints Numeric = CodePoints
        .Where(category => category is >= UnicodeCategory.DecimalDigitNumber and <= UnicodeCategory.OtherNumber)
        .Or(CodePoints.Parse("11DE0-11DE9 16FF4-16FF6"));

    /// <summary>What StripAccents removes: \p{M} of Unicode 9.</summary>
    public static readonly CodePoints Marks = CodePoints
        .Where(category => category is >= UnicodeCategory.NonSpacingMark and <= UnicodeCategory.EnclosingMark)
        .Or(CodePoints.Parse("1CF2-1CF3"))
        .Except(CodePoints.Parse(
        "7FD 897-89F 8CA-8D3 9FE AFA-AFF B55 C04 C3C CF3 D00 D3B-D3C D81 EBA ECE 1715 180F 1ABF-1ACE 1CF7 1DF6-1DFA A82C A8FF 10D24-10D27 " +
        "10D69-10D6D 10EAB-10EAC 10EFC-10EFF 10F46-10F50 10F82-10F85 11070 11073-11074 110C2 11145-11146 111C9 111CE-111CF 11241 1133B 113B8-113C0 " +
        "113C2 113C5 113C7-113CA 113CC-113D0 113D2 113E1-113E2 1145E 1182C-1183A 11930-11935 11937-11938 1193B-1193E 11940 11942-11943 119D1-119D7 " +
        "119DA-119E0 119E4 11A01-11A0A 11A33-11A39 11A3B-11A3E 11A47 11A51-11A5B 11A8A-11A99 11D31-11D36 11D3A 11D3C-11D3D 11D3F-11D45 11D47 " +
        "11D8A-11D8E 11D90-11D91 11D93-11D97 11EF3-11EF6 11F00-11F01 11F03 11F34-11F3A 11F3E-11F42 11F5A 13440 13447-13455 1611E-1612F 16F4F " +
        "16F7F-16F87 16FE4 16FF0-16FF1 1CF00-1CF2D 1CF30-1CF46 1E08F 1E130-1E136 1E2AE 1E2EC-1E2EF 1E4EC-1E4EF 1E5EE-1E5EF"));

    /// <summary>What BertNormalizer strips as accents: \p{Mn} of Unicode 8.</summary>
    public static readonly CodePoints BertAccents = CodePoints
        .Where(category => category == UnicodeCategory.NonSpacingMark)
        .Except(CodePoints.Parse(
        "7FD 897-89F 8CA-8E1 9FE AFA-AFF B55 C04 C3C CF3 D00 D3B-D3C D81 EBA ECE 180F 1ABF-1ACE 1DF6-1DFB A82C A8C5 A8FF 10D24-10D27 10D69-10D6D " +
        "10EAB-10EAC 10EFC-10EFF 10F46-10F50 10F82-10F85 11070 11073-11074 110C2 111CF 1123E 11241 1133B 113B8-113C0 113C2 113C5 113C7-113CA " +
        "113CC-113D0 113D2 113E1-113E2 11438-1143F 11442-11444 11446 1145E 1182F-11837 11839-1183A 1193B-1193C 1193E 11943 119D4-119D7 119DA-119DB " +
        "119E0 11A01-11A0A 11A33-11A38 11A3B-11A3E 11A47 11A51-11A56 11A59-11A5B 11A8A-11A96 11A98-11A99 11C30-11C36 11C38-11C3D 11C3F 11C92-11CA7 " +
        "11CAA-11CB0 11CB2-11CB3 11CB5-11CB6 11D31-11D36 11D3A 11D3C-11D3D 11D3F-11D45 11D47 11D90-11D91 11D95 11D97 11EF3-11EF4 11F00-11F01 11F03 " +
        "11F34-11F3A 11F3E-11F42 11F5A 13440 13447-13455 1611E-1612F 16F4F 16FE4 1CF00-1CF2D 1CF30-1CF46 1E000-1E006 1E008-1E018 1E01B-1E021 " +
        "1E023-1E024 1E026-1E02A 1E08F 1E130-1E136 1E2AE 1E2EC-1E2EF 1E4EC-1E4EF 1E5EE-1E5EF 1E944-1E94A"));

    /// <summary>What BertNormalizer takes out as control characters.</summary>
    public static readonly CodePoints BertControls = CodePoints.Parse(
        "0-8 B-C E-1F 7F-9F AD 600-605 61C 6DD 70F 180E 200B-200F 202A-202E 2060-2064 2066-206F E000-F8FF FEFF FFF9-FFFB FFFD 110BD 1BCA0-1BCA3 " +
        "1D173-1D17A E0001 E0020-E007F F0000-FFFFD 100000-10FFFD");

    /// <summary>The ideographs that BertNormalizer puts spaces around.</summary>
    public static readonly CodePoints BertChinese = CodePoints.Parse(
        "3400-4DBF 4E00-9FFF F900-FAFF 20000-2A6DF 2A700-2B81F 2B920-2CEAF 2F800-2FA1F");
}
