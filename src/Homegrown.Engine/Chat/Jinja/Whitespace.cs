namespace Homegrown.Engine.Chat.Jinja;

/// <summary>What Python's str.isspace and its regular expressions take for white space.</summary>
static class Whitespace
{
    /// <summary>Unicode's, and the four ASCII separators that .NET leaves out.</summary>
    public static bool Is(char character) => char.IsWhiteSpace(character) || character is >= '\x1c' and <= '\x1f';

    public static ReadOnlySpan<char> Trimmed(ReadOnlySpan<char> text)
    {
        text = text[..TrimmedEnd(text)];
        return text[TrimmedStart(text)..];
    }

    /// <summary>Where the text ends without the white space at its end.</summary>
    public static int TrimmedEnd(ReadOnlySpan<char> text)
    {
        var end = text.Length;
        while (end > 0 && Is(text[end - 1])) end--;
        return end;
    }

    /// <summary>Where the text begins without the white space at its start.</summary>
    public static int TrimmedStart(ReadOnlySpan<char> text)
    {
        var start = 0;
        while (start < text.Length && Is(text[start])) start++;
        return start;
    }
}
