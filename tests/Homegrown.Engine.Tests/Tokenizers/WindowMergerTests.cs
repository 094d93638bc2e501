using Homegrown.Engine.Tokenizers;

namespace Homegrown.Engine.Tests.Tokenizers;

/// <summary>Merging window by window against merging whole, with merges that no training would give: any pair makes any token at any rank.</summary>
public class WindowMergerTests
{
    [Theory]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(64)]
    public void Windows_give_what_the_whole_text_gives(int window)
    {
        for (var seed = 0; seed < 2000; seed++)
        {
            var random = new Random(seed);
            var merges = RandomMerges(random);
            var text = RandomText(random);
            var windows = new WindowMerger(merges, window);
            Assert.True(Whole(merges, text).SequenceEqual(windows.Merge(text)), $"seed {seed}");
            Assert.True(Whole(merges, text).SequenceEqual(windows.Merge(text)), $"seed {seed}, again");
        }
    }

    [Fact]
    public void A_merger_that_has_merged_a_long_text_merges_short_ones_as_before()
    {
        var merges = RandomMerges(new Random(1));
        var windows = new WindowMerger(merges, 8);
        windows.Merge(new int[1000]);
        Assert.True(Whole(merges, [0, 1, 0]).SequenceEqual(windows.Merge([0, 1, 0])));
        Assert.True(windows.Merge([]).IsEmpty);
    }

    /// <summary>Letters are tokens 0 to 2; a token stands for one text, so a pair makes one that is named by what it spells.</summary>
    static MergeTable RandomMerges(Random random)
    {
        var table = new MergeTable();
        List<string> texts = ["a", "b", "c"];
        for (var i = random.Next(1, 40); i > 0; i--)
        {
            var (left, right) = (random.Next(texts.Count), random.Next(texts.Count));
            var text = texts[left] + texts[right];
            if (text.Length > 12) continue;
            if (!texts.Contains(text)) texts.Add(text);
            table.Add(left, right, random.Next(20), texts.IndexOf(text));
        }
        return table;
    }

    /// <summary>Up to 300 letters: noise, or a few that repeat, with a break now and then.</summary>
    static int[] RandomText(Random random)
    {
        var period = random.Next(2) == 0 ? 300 : random.Next(1, 7);
        int[] pattern = [.. Enumerable.Range(0, period).Select(_ => random.Next(3))];
        int[] text = [.. Enumerable.Range(0, random.Next(1, 300)).Select(i => pattern[i % period])];
        if (random.Next(3) == 0) text[random.Next(text.Length)] = -1;
        return text;
    }

    static Joined[] Whole(MergeTable merges, int[] text)
    {
        var merger = new PairMerger(merges);
        merger.Merge(text);
        var joined = new List<Joined>();
        for (var i = 0; i < text.Length; i = merger.Next(i)) joined.Add(new Joined(merger.Token(i), i));
        return [.. joined];
    }
}
