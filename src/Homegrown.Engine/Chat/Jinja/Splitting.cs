namespace Homegrown.Engine.Chat.Jinja;

/// <summary>Python's split, rsplit and splitlines.</summary>
static class Splitting
{
    /// <param name="separator">Null splits at stretches of white space and drops those at the ends.</param>
    /// <param name="most">Most splits; negative for all.</param>
    public static List<object?> Split(Text text, Text? separator, long most)
    {
        if (separator is null) return SplitBlanks(text, most);
        if (separator.IsEmpty) throw new TemplateException("empty separator");
        var (parts, done) = (new List<object?>(), 0);
        while (parts.Count != most && text.Value.IndexOf(separator.Value, done, StringComparison.Ordinal) is >= 0 and var next)
        {
            parts.Add(text.Part(done, next - done));
            done = next + separator.Value.Length;
        }
        parts.Add(text.Part(done));
        return parts;
    }

    public static List<object?> SplitFromEnd(Text text, Text? separator, long most)
    {
        if (most < 0) return Split(text, separator, most);
        if (separator is null) return SplitBlanksFromEnd(text, most);
        if (separator.IsEmpty) throw new TemplateException("empty separator");
        var (parts, end) = (new List<object?>(), text.Value.Length);
        while (parts.Count < most && text.Value.AsSpan(0, end).LastIndexOf(separator.Value) is >= 0 and var next)
        {
            parts.Add(text.Part(next + separator.Value.Length, end - next - separator.Value.Length));
            end = next;
        }
        parts.Add(text.Part(0, end));
        parts.Reverse();
        return parts;
    }

    public static List<object?> Lines(Text text, bool keepsEnds)
    {
        var (lines, start) = (new List<object?>(), 0);
        for (var i = 0; i < text.Value.Length; i++)
        {
            if (!EndsLine(text.Value[i])) continue;
            var end = i;
            if (text.Value[i] == '\r' && i + 1 < text.Value.Length && text.Value[i + 1] == '\n') i++;
            lines.Add(text.Part(start, (keepsEnds ? i + 1 : end) - start));
            start = i + 1;
        }
        if (start < text.Value.Length) lines.Add(text.Part(start));
        return lines;
    }

    static bool EndsLine(char character) => character is '\n' or '\r' or '\v' or '\f' or '\x1c' or '\x1d' or '\x1e' or '\x85' or '\u2028' or '\u2029';

    static List<object?> SplitBlanks(Text text, long most)
    {
        var parts = new List<object?>();
        var at = Whitespace.TrimmedStart(text.Value);
        while (at < text.Value.Length)
        {
            if (parts.Count == most)
            {
                parts.Add(text.Part(at));       // the rest as it is, blanks at its end included
                break;
            }
            var end = at;
            while (end < text.Value.Length && !Whitespace.Is(text.Value[end])) end++;
            parts.Add(text.Part(at, end - at));
            at = end + Whitespace.TrimmedStart(text.Value.AsSpan(end));
        }
        return parts;
    }

    static List<object?> SplitBlanksFromEnd(Text text, long most)
    {
        var parts = new List<object?>();
        var end = Whitespace.TrimmedEnd(text.Value);
        while (end > 0)
        {
            var start = end;
            while (start > 0 && !Whitespace.Is(text.Value[start - 1])) start--;
            if (parts.Count == most) start = 0;
            parts.Add(text.Part(start, end - start));
            if (parts.Count > most) break;
            end = Whitespace.TrimmedEnd(text.Value.AsSpan(0, start));
        }
        parts.Reverse();
        return parts;
    }
}
