using System.Text.RegularExpressions;
using Homegrown.Engine.Tokenizers.Regexes;
using Match = Homegrown.Engine.Tokenizers.Regexes.Match;

namespace Homegrown.Engine.Tests.Tokenizers.Regexes;

public class LinearRegexTests
{
    [Theory]
    [InlineData(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")]
    [InlineData(@"(?:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")]
    [InlineData(@"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|\p{N}{1,3}|\s+")]
    [InlineData(@"\p{N}{1,3}(?=(?:\p{N}{3})*(?!\p{N}))|\P{N}+")]
    [InlineData(@"(?<=a)b|a(?!b)|(?<! )c")]
    [InlineData(@"(a|ab)(c|bcd)?(d*)")]
    [InlineData(@"a*?b|a{2,4}?|(?:ab?)+")]
    [InlineData(@"(?:a*)*b|(?:|c)+d?")]
    [InlineData(@"(?=b)|d+$")]
    public void Matches_are_those_of_a_backtracking_engine(string pattern)
    {
        var (ours, theirs) = (new LinearRegex(pattern), new Regex(pattern, RegexOptions.CultureInvariant));
        var random = new Random(5);
        for (var i = 0; i < 400; i++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(30)).Select(_ => "aabbccd  ABé1234'sl!\u0301日"[random.Next(22)]));
            Assert.Equal(theirs.Matches(text).Select(match => (match.Index, match.Length)).Where(match => match.Length > 0), Find(ours, text).Where(match => match.Length > 0));
        }
    }

    [Theory]
    [InlineData("(?i:'s)", "'s 'S '\u017F", "0-2 3-5 6-8")]
    [InlineData(@"[\p{L}&&[^\p{Han}]]+", "ab日c", "0-2 3-4")]
    [InlineData("[^(\\s|[.,!?])]+", "ab,c d", "0-2 3-4 5-6")]
    [InlineData("a++b|a", "aab", "0-3")]
    [InlineData("a?+a", "aa a", "0-2")]
    [InlineData(@"\bx\b", "x xx x.", "0-1 5-6")]
    [InlineData("^a|b$", "ab\nab", "0-1 1-2 3-4 4-5")]
    [InlineData(@"\x{1F600}|[\u00e0-\u00ff]", "😀é", "0-2 2-3")]
    public void The_syntax_is_Onigurumas(string pattern, string text, string matches) =>
        Assert.Equal(matches, string.Join(' ', Find(new LinearRegex(pattern), text).Select(match => $"{match.Index}-{match.Index + match.Length}")));

    [Theory]
    [InlineData(@"(a)\1", "linear time")]
    [InlineData("(?>a)", "atomic")]
    [InlineData("(?<=ab)c", "single characters")]
    [InlineData("a)", "')'")]
    [InlineData("[a", "']'")]
    [InlineData("*a", "nothing before")]
    [InlineData(@"\p{Magic}", "Magic")]
    [InlineData("a{5,2}", "more than it allows")]
    public void What_is_broken_or_not_supported_says_so(string pattern, string problem) =>
        Assert.Contains(problem, Assert.Throws<RegexSyntaxException>(() => new LinearRegex(pattern)).Message);

    [Fact]
    public void Looking_far_ahead_at_every_place_costs_nothing()
    {
        // Searching from each place anew would read to the end 2^18 times.
        var text = new string('a', 1 << 18);
        Assert.Equal(text.Length, Find(new LinearRegex("a*b|a"), text).Count());
        Assert.Equal(text.Length, Find(new LinearRegex("a(?!a*b)"), text).Count());
    }

    static IEnumerable<(int Index, int Length)> Find(LinearRegex regex, string text)
    {
        var matches = new List<Match>();
        regex.Find(text, matches);
        return matches.Select(match => (match.Start, match.End - match.Start));
    }
}
