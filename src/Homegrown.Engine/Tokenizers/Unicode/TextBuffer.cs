using System.Text;

namespace Homegrown.Engine.Tokenizers.Unicode;

/// <summary>Text that grows, in UTF-16; reused, so that a text costs no allocation once there was a longer one.</summary>
sealed class TextBuffer
{
    char[] chars = new char[64];

    public int Length { get; private set; }

    /// <summary>Characters that fit without growing.</summary>
    public int Capacity => chars.Length;

    public ReadOnlySpan<char> Text => chars.AsSpan(0, Length);

    public void Clear() => Length = 0;

    /// <summary>Takes off what comes after <paramref name="length"/>.</summary>
    public void Truncate(int length) => Length = length;

    public void Append(char unit)
    {
        if (Length == chars.Length) Reserve(1);
        chars[Length++] = unit;
    }

    public void Append(ReadOnlySpan<char> text) => text.CopyTo(Add(text.Length));

    public void AppendPoint(int point)
    {
        if (point < 0x10000) Append((char)point);
        else Append([(char)(0xD7C0 + (point >> 10)), (char)(0xDC00 + (point & 0x3FF))]);
    }

    /// <summary>Makes the text longer; the new part is for the caller to fill.</summary>
    public Span<char> Add(int length)
    {
        Reserve(length);
        Length += length;
        return chars.AsSpan(Length - length, length);
    }

    void Reserve(int more)
    {
        if (chars.Length - Length < more)
            Array.Resize(ref chars, Math.Max(Length + more, (int)Math.Min(2L * chars.Length, Array.MaxLength)));
    }

    public override string ToString() => Text.ToString();

    /// <summary>The code point at <paramref name="at"/> of well-formed text, and its length in units.</summary>
    public static int PointAt(ReadOnlySpan<char> text, int at, out int length)
    {
        var unit = text[at];
        if (!char.IsHighSurrogate(unit) || at + 1 == text.Length || !char.IsLowSurrogate(text[at + 1]))
        {
            length = 1;
            return char.IsSurrogate(unit) ? Rune.ReplacementChar.Value : unit;
        }
        length = 2;
        return char.ConvertToUtf32(unit, text[at + 1]);
    }

    /// <summary>The code point that ends before <paramref name="end"/>, which is above 0.</summary>
    public static int PointBefore(ReadOnlySpan<char> text, int end) =>
        PointAt(text, end > 1 && char.IsLowSurrogate(text[end - 1]) && char.IsHighSurrogate(text[end - 2]) ? end - 2 : end - 1, out _);
}
