using System.Globalization;
using Homegrown.Engine.Tokenizers.Unicode;

namespace Homegrown.Engine.Tokenizers.Regexes;

/// <summary>Finds something in a text. Safe for many threads.</summary>
abstract class PatternFinder
{
    /// <summary>Appends the matches, ascending, none inside of another.</summary>
    public abstract void Find(ReadOnlySpan<char> text, List<Match> matches);
}

/// <summary>A regex.</summary>
sealed class RegexFinder(LinearRegex regex) : PatternFinder
{
    public override void Find(ReadOnlySpan<char> text, List<Match> matches) => regex.Find(text, matches);
}

/// <summary>A text as it stands.</summary>
sealed class TextFinder(string sought) : PatternFinder
{
    public override void Find(ReadOnlySpan<char> text, List<Match> matches)
    {
        for (var at = 0; sought.Length > 0 && at < text.Length; at = matches[^1].End)
        {
            var next = text[at..].IndexOf(sought, StringComparison.Ordinal);
            if (next < 0) return;
            matches.Add(new(at + next, at + next + sought.Length));
        }
    }
}

/// <summary>Each character of a set.</summary>
sealed class SetFinder(CodePoints set) : PatternFinder
{
    public override void Find(ReadOnlySpan<char> text, List<Match> matches)
    {
        for (var at = 0; at < text.Length;)
        {
            var point = TextBuffer.PointAt(text, at, out var length);
            if (set.Contains(point)) matches.Add(new(at, at + length));
            at += length;
        }
    }
}

/// <summary>Each grapheme cluster (UAX 29), \X.</summary>
sealed class ClusterFinder : PatternFinder
{
    public override void Find(ReadOnlySpan<char> text, List<Match> matches)
    {
        for (var at = 0; at < text.Length; at = matches[^1].End)
            matches.Add(new(at, at + StringInfo.GetNextTextElementLength(text[at..])));
    }
}

/// <summary>So many characters at a time, and the rest.</summary>
sealed class LengthFinder(int count) : PatternFinder
{
    public override void Find(ReadOnlySpan<char> text, List<Match> matches)
    {
        for (var at = 0; at < text.Length;)
        {
            var start = at;
            for (var i = 0; i < count && at < text.Length; i++)
            {
                TextBuffer.PointAt(text, at, out var length);
                at += length;
            }
            matches.Add(new(start, at));
        }
    }
}

/// <summary>
/// Stretches of one script, as sentencepiece's trainer cuts them: kana and the long sound mark count as Han, and a space belongs to what
/// comes before it. What comes before the first character with a script is in no stretch.
/// </summary>
sealed class ScriptFinder : PatternFinder
{
    const int LongSoundMark = 0x30FC;

    static readonly int Han = Scripts.Of('一'), Hiragana = Scripts.Of('あ'), Katakana = Scripts.Of('ア');

    public override void Find(ReadOnlySpan<char> text, List<Match> matches)
    {
        var (start, last) = (0, -1);
        for (var at = 0; at < text.Length;)
        {
            var point = TextBuffer.PointAt(text, at, out var length);
            var script = point == LongSoundMark ? Han : Scripts.Of(point);
            if (script == Hiragana || script == Katakana) script = Han;
            if (point != ' ' && script >= 0 && script != last)
            {
                if (last >= 0) matches.Add(new(start, at));
                (start, last) = (at, script);
            }
            at += length;
        }
        if (last >= 0) matches.Add(new(start, text.Length));
    }
}
