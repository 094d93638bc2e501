namespace Homegrown.Cli;

/// <summary>Foreign text for a terminal: escape sequences in it (from a file or a model) would move the cursor, retitle the window, or worse.</summary>
static class Printable
{
    /// <returns>The text with every control character but line breaks and tabs replaced by U+FFFD.</returns>
    public static string Of(string text)
        => text.Any(IsHarmful) ? string.Create(text.Length, text, static (cells, source) =>
            {
                for (var i = 0; i < cells.Length; i++) cells[i] = IsHarmful(source[i]) ? '\uFFFD' : source[i];
            }) : text;

    /// <summary>The beginning of a text on one line.</summary>
    public static string Excerpt(string text, int length = 48)
    {
        var line = string.Join(' ', Of(text[..Math.Min(text.Length, 4 * length)]).Split((char[])[' ', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= length ? line : $"{line[..(char.IsHighSurrogate(line[length - 1]) ? length - 1 : length)]}...";
    }

    static bool IsHarmful(char c) => char.IsControl(c) && c is not ('\n' or '\t');
}
