using Homegrown.Engine.Tokenizers.Unicode;

namespace Homegrown.Engine.Tokenizers.Normalizers;

/// <summary>
/// BertNormalizer (google-research/bert, tokenization.py, BasicTokenizer): control characters out, every white space a space, spaces around
/// ideographs, accents off, small letters.
/// </summary>
sealed class BertNormalizer(bool cleanText, bool handleChinese, bool stripAccents, bool lowercase) : Normalizer
{
    readonly UnicodeForm decomposed = new(byCompatibility: false, composes: false);
    readonly Spare<TextBuffer> spare = new();

    public override void Append(ReadOnlySpan<char> text, TextBuffer to)
    {
        if (!stripAccents)
        {
            Clean(text, to, lowercase);
            return;
        }
        var (cleaned, parts) = (spare.Take(), new TextBuffer());
        cleaned.Clear();
        Clean(text, cleaned, lower: false);
        decomposed.Append(cleaned.Text, parts);
        spare.Return(cleaned);
        for (var at = 0; at < parts.Length;)
        {
            var point = TextBuffer.PointAt(parts.Text, at, out var length);
            at += length;
            if (point < 0x300 || !LibraryClasses.BertAccents.Contains(point)) Add(point, to, lowercase);
        }
    }

    void Clean(ReadOnlySpan<char> text, TextBuffer to, bool lower)
    {
        for (var at = 0; at < text.Length;)
        {
            var point = TextBuffer.PointAt(text, at, out var length);
            at += length;
            if (cleanText && point is < ' ' or > '~')
            {
                if (LibraryClasses.BertControls.Contains(point)) continue;
                if (LibraryClasses.Space.Contains(point)) point = ' ';
            }
            var apart = handleChinese && point >= 0x3400 && LibraryClasses.BertChinese.Contains(point);
            if (apart) to.Append(' ');
            Add(point, to, lower);
            if (apart) to.Append(' ');
        }
    }

    static void Add(int point, TextBuffer to, bool lower)
    {
        if (lower) Lowercase.Append(point, to);
        else to.AppendPoint(point);
    }
}
