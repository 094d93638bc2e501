using System.Text;
using Homegrown.Engine.Tokenizers.Unicode;

namespace Homegrown.Engine.Tokenizers.Normalizers;

/// <summary>Small letters, character by character, so without the rule for the last sigma of a word; as Unicode 17 has them.</summary>
sealed class Lowercase : Normalizer
{
    public override void Append(ReadOnlySpan<char> text, TextBuffer to)
    {
        for (var at = 0; at < text.Length;)
        {
            Append(TextBuffer.PointAt(text, at, out var length), to);
            at += length;
        }
    }

    public static void Append(int point, TextBuffer to)
    {
        switch (point)
        {
            case < 0x80:
                to.Append(char.ToLowerInvariant((char)point));
                return;
            case 0x130: // the one character with a lower case of two: i, and its dot
                to.Append("i\u0307");
                return;
            case 0xA7CE or 0xA7D2 or 0xA7D4: // new in Unicode 17, as the next
                to.AppendPoint(point + 1);
                return;
            case >= 0x16EA0 and <= 0x16EB8:
                to.AppendPoint(point + 0x1B);
                return;
            default:
                to.AppendPoint(Rune.ToLowerInvariant(new Rune(point)).Value);
                return;
        }
    }
}
