using System.Text;
using Homegrown.Engine.Sampling;

namespace Homegrown.Engine.Tests.Sampling;

public class StopTextsTests
{
    [Fact]
    public void A_stop_text_across_pieces_is_found_and_the_text_before_it_released()
    {
        var stops = new StopTexts(["\nUser:"]);
        Assert.Equal(new("Hi.", null), stops.Feed("Hi.\nUs"));
        Assert.Equal(new("", null), stops.Feed("e"));
        Assert.Equal(new("", "\nUser:"), stops.Feed("r: and more"));
        Assert.Equal("", stops.Flush());
    }

    [Fact]
    public void Text_is_released_as_soon_as_it_cannot_begin_a_match()
    {
        var stops = new StopTexts(["aab"]);
        Assert.Equal(new("", null), stops.Feed("aa"));
        Assert.Equal(new("a", null), stops.Feed("a"));
        Assert.Equal(new("aac", null), stops.Feed("c"));
        Assert.Equal(new("", null), stops.Feed("a"));
        Assert.Equal("a", stops.Flush());
    }

    [Fact]
    public void The_match_that_ends_first_wins_and_of_those_the_longest()
    {
        Assert.Equal(new("xa", "bc"), new StopTexts(["abcd", "bc"]).Feed("xabcd"));
        Assert.Equal(new("x", "abc"), new StopTexts(["bc", "abc", "c"]).Feed("xabcd"));
    }

    [Fact]
    public void Without_stop_texts_all_passes()
    {
        var stops = new StopTexts([]);
        Assert.Equal(new("abc", null), stops.Feed("abc"));
        Assert.Equal("", stops.Flush());
    }

    [Fact]
    public void A_surrogate_pair_is_never_split()
    {
        var stops = new StopTexts(["😀!", "b"]);
        Assert.Equal(new("a", null), stops.Feed("a\uD83D"));        // may begin the stop text
        Assert.Equal(new("😁", null), stops.Feed("\uDE01"));         // another face
        Assert.Equal(new("", null), stops.Feed("\uD801"));          // begins no stop text, but half a character
        Assert.Equal(new("\U00010400", null), stops.Feed("\uDC00"));
        Assert.Equal(new("", null), stops.Feed(""));
        Assert.Equal(new("", "😀!"), stops.Feed("😀!"));
    }

    [Fact]
    public void Half_a_pair_at_the_end_comes_with_the_flush()
    {
        var stops = new StopTexts(["x"]);
        Assert.Equal(new("a", null), stops.Feed("a\uD801"));
        Assert.Equal("\uD801", stops.Flush());
    }

    [Fact]
    public void Empty_and_broken_stop_texts_are_refused() =>
        Assert.All(["", "a\uD83D", "\uDE00", "\uD83Da"], text =>
            Assert.Equal("stop", Assert.Throws<SamplingOptionException>(() => new StopTexts(["ok", text])).Parameter));

    [Fact]
    public void Nothing_can_follow_a_stop_text()
    {
        var stops = new StopTexts(["x"]);
        stops.Feed("x");
        Assert.Throws<InvalidOperationException>(() => stops.Feed("y"));
    }

    [Fact]
    public void It_agrees_with_a_naive_search_on_random_texts_however_they_are_cut()
    {
        var random = new Xoshiro256(1);
        int Below(int n) => (int)(random.NextDouble() * n);
        string[] parts = ["a", "b", "ab", "😀", "😁"];
        string Text(int most) => string.Concat(Enumerable.Range(0, Below(most)).Select(_ => parts[Below(parts.Length)]));
        for (var round = 0; round < 3000; round++)
        {
            var texts = Enumerable.Range(0, 1 + Below(4)).Select(_ => Text(6) + "a").Distinct().ToList();
            var text = Text(40);
            var (stops, released, fed, found) = (new StopTexts(texts), new StringBuilder(), 0, (string?)null);
            while (fed < text.Length && found is null)
            {
                var piece = text.Substring(fed, Math.Min(text.Length - fed, Below(5)));
                fed += piece.Length;
                (var part, found) = stops.Feed(piece);
                released.Append(part);
                if (found is null) Assert.Equal(Releasable(text[..fed], texts), released.ToString());
            }
            released.Append(stops.Flush());
            var (expected, stop) = Naive(text, texts);
            Assert.Equal((expected, stop), (released.ToString(), found));
        }
    }

    [Fact]
    public void Long_repetitive_stop_texts_take_linear_time()
    {
        const int Length = 100_000; // quadratic time would be 1e10 steps
        var stops = new StopTexts([new string('a', Length) + "b", new string('a', Length / 2) + "c"]);
        var released = 0;
        for (var i = 0; i < 2 * Length; i++) released += stops.Feed("a").Text.Length;
        Assert.Equal(Length, released);
        Assert.Equal(Length, stops.Flush().Length);
    }

    static (string Text, string? Stop) Naive(string text, List<string> texts)
    {
        for (var end = 1; end <= text.Length; end++)
            if (texts.Where(t => text.AsSpan(0, end).EndsWith(t)).MaxBy(t => t.Length) is { } stop) return (text[..(end - stop.Length)], stop);
        return (text, null);
    }

    // All but the longest ending that may still become a stop text, or half a character.
    static string Releasable(string text, List<string> texts)
    {
        var held = text.Length;
        while (held > 0 && !texts.Any(t => t.AsSpan().StartsWith(text.AsSpan(text.Length - held)))) held--;
        return held == 0 && text.Length > 0 && char.IsHighSurrogate(text[^1]) ? text[..^1] : text[..(text.Length - held)];
    }
}
