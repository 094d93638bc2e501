namespace Homegrown.Engine.Tokenizers.Regexes;

/// <summary>A pattern for many threads, in time that is linear in the text.</summary>
sealed class LinearRegex
{
    /// <summary>A matcher that a text has blown up beyond this many units is not worth its memory for the next.</summary>
    const int KeptCapacity = 1 << 20;

    const int KeptSets = 4096;

    readonly RegexProgram program;
    RegexMatcher? idle;

    /// <exception cref="RegexSyntaxException">The pattern is broken or not supported.</exception>
    public LinearRegex(string pattern) => program = new RegexProgram(pattern);

    /// <summary>Appends the matches in a text, ascending.</summary>
    public void Find(ReadOnlySpan<char> text, List<Match> matches)
    {
        var matcher = Interlocked.Exchange(ref idle, null) ?? new RegexMatcher(program);
        matcher.Find(text, matches);
        if (matcher.Capacity <= KeptCapacity && matcher.Sets <= KeptSets) idle = matcher;
    }
}
