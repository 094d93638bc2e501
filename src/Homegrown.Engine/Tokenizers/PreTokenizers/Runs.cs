namespace Homegrown.Engine.Tokenizers.PreTokenizers;

/// <summary>\s?[set]{least,most}, and what lies between.</summary>
/// <param name="space">One white space before the run belongs to it.</param>
sealed class Runs(CodePointSet set, int least = 1, int most = int.MaxValue, bool space = false) : Splitter
{
    public override int Next(ReadOnlySpan<char> text, int at)
    {
        var end = Match(text, at);
        while (end < 0)
        {
            CharClasses.At(text, at, out var length);
            at += length;
            if (at == text.Length || Match(text, at) >= 0) return at;
        }
        return end;
    }

    int Match(ReadOnlySpan<char> text, int at)
    {
        if (space && CharClasses.At(text, at) == CharClass.Space && at + 1 < text.Length && set.Contains(text, at + 1, out _)) at++;
        var count = 0;
        while (count < most && at < text.Length && set.Contains(text, at, out var length)) (at, count) = (at + length, count + 1);
        return count >= least ? at : -1;
    }
}

/// <summary>\s+$, and what comes before it.</summary>
sealed class TrailingSpace : Splitter
{
    public override int Next(ReadOnlySpan<char> text, int at)
    {
        var words = text.TrimEnd().Length;
        return at < words ? words : text.Length;
    }
}
