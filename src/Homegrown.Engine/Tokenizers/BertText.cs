using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Homegrown.Engine.Tokenizers.Unicode;

namespace Homegrown.Engine.Tokenizers;

/// <summary>
/// A text as BERT's basic tokenizer sees it (google-research/bert, tokenization.py): control characters dropped, accents stripped
/// and letters lowered if asked for, cut at white space, and punctuation and Chinese characters are words of their own. A word
/// begins with ▁.
/// </summary>
sealed class BertText
{
    readonly List<char> letters;
    readonly List<int> ends = [], parts = [];
    readonly bool lowercase, stripAccents;
    bool inWord;

    public BertText(ReadOnlySpan<char> text, bool lowercase, bool stripAccents)
    {
        letters = new List<char>(text.Length + (text.Length / 4));
        (this.lowercase, this.stripAccents) = (lowercase, stripAccents);
        foreach (var rune in text.EnumerateRunes())
            if (stripAccents) AddDecomposed(rune.Value);
            else Add(rune);
        EndWord();
    }

    /// <summary>All words, one after the other.</summary>
    public ReadOnlySpan<char> Letters => CollectionsMarshal.AsSpan(letters);

    /// <summary>Where each word ends.</summary>
    public ReadOnlySpan<int> Ends => CollectionsMarshal.AsSpan(ends);

    void AddDecomposed(int point)
    {
        parts.Clear();
        Decompositions.Shared.Append(point, byCompatibility: false, parts);
        foreach (var part in parts) Add(new Rune(part));
    }

    void Add(Rune rune)
    {
        var category = Rune.GetUnicodeCategory(rune);
        if (rune.Value is '\t' or '\n' or '\r' || category is >= UnicodeCategory.SpaceSeparator and <= UnicodeCategory.ParagraphSeparator)
        {
            EndWord();
            return;
        }
        // U+FFFD is what invalid text became.
        if (category is >= UnicodeCategory.Control and <= UnicodeCategory.PrivateUse || rune == Rune.ReplacementChar) return;
        if (stripAccents && category == UnicodeCategory.NonSpacingMark) return;

        var alone = StandsAlone(rune, category);
        if (alone) EndWord();
        Append(lowercase ? Rune.ToLowerInvariant(rune) : rune);
        if (alone) EndWord();
    }

    void Append(Rune rune)
    {
        if (!inWord) letters.Add('▁');
        inWord = true;
        Span<char> units = stackalloc char[2];
        letters.AddRange(units[..rune.EncodeToUtf16(units)]);
    }

    void EndWord()
    {
        if (inWord) ends.Add(letters.Count);
        inWord = false;
    }

    static bool StandsAlone(Rune rune, UnicodeCategory category) =>
        category is >= UnicodeCategory.ConnectorPunctuation and <= UnicodeCategory.OtherPunctuation
        // ASCII's signs count as punctuation, whatever Unicode calls them.
        || (rune.IsAscii && category is >= UnicodeCategory.MathSymbol and <= UnicodeCategory.OtherSymbol)
        // CJK ideographs. The gap from 2B820 to 2B91F is that of the tokenizers library, which the models were trained with.
        || rune.Value is (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x20000 and <= 0x2A6DF)
            or (>= 0x2A700 and <= 0x2B81F) or (>= 0x2B920 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);
}
