using Homegrown.Engine.Tokenizers.Unicode;

namespace Homegrown.Engine.Tokenizers.Normalizers;

/// <summary>StripAccents: without its marks.</summary>
sealed class StripAccents : Normalizer
{
    public override void Append(ReadOnlySpan<char> text, TextBuffer to)
    {
        for (var at = 0; at < text.Length;)
        {
            var point = TextBuffer.PointAt(text, at, out var length);
            if (point < 0x300 || !LibraryClasses.Marks.Contains(point)) to.Append(text.Slice(at, length));
            at += length;
        }
    }
}

/// <summary>Nmt: what sentencepiece's nmt rules take out (control characters) or make a space (other spaces, invisible signs).</summary>
sealed class Nmt : Normalizer
{
    public override void Append(ReadOnlySpan<char> text, TextBuffer to)
    {
        foreach (var unit in text)
            switch (unit)
            {
                case (>= '\u0001' and <= '\u0008') or '\u000B' or (>= '\u000E' and <= '\u001F') or '\u007F' or '\u008F' or '\u009F':
                    break;
                case '\t' or '\n' or '\f' or '\r' or '\u1680' or (>= '\u200B' and <= '\u200F') or '\u2028' or '\u2029' or '\u2581' or '\uFEFF' or '\uFFFD':
                    to.Append(' ');
                    break;
                default:
                    to.Append(unit);
                    break;
            }
    }
}

/// <summary>Strip: without white space at its ends.</summary>
sealed class Strip(bool left, bool right) : Normalizer
{
    public override void Append(ReadOnlySpan<char> text, TextBuffer to)
    {
        if (left) text = text.TrimStart();
        if (right) text = text.TrimEnd();
        to.Append(text);
    }
}

/// <summary>Prepend: with something before it.</summary>
sealed class Prepend(string prefix) : Normalizer
{
    public override void Append(ReadOnlySpan<char> text, TextBuffer to)
    {
        to.Append(prefix);
        to.Append(text);
    }
}
