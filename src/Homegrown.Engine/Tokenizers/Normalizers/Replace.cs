using Homegrown.Engine.Tokenizers.Regexes;
using Homegrown.Engine.Tokenizers.Unicode;

namespace Homegrown.Engine.Tokenizers.Normalizers;

/// <summary>Replace: other text for each match.</summary>
sealed class Replace(PatternFinder pattern, string content) : Normalizer
{
    readonly Spare<List<Match>> spare = new();

    public override void Append(ReadOnlySpan<char> text, TextBuffer to)
    {
        var matches = spare.Take();
        matches.Clear();
        pattern.Find(text, matches);
        var at = 0;
        foreach (var match in matches)
        {
            to.Append(text[at..match.Start]);
            to.Append(content);
            at = match.End;
        }
        to.Append(text[at..]);
        spare.Return(matches);
    }
}
