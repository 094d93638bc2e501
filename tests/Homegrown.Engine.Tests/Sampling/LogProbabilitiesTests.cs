using Homegrown.Engine.Sampling;

namespace Homegrown.Engine.Tests.Sampling;

public class LogProbabilitiesTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(50, 20)]
    [InlineData(4097, 5)]
    [InlineData(1024, 0)]
    public void The_token_and_the_best_have_the_logarithms_of_the_softmax(int vocabulary, int count)
    {
        var row = Rows.Model(vocabulary, 1);
        var logSum = Math.Log(row.Sum(l => Math.Exp(l)));
        var top = new TokenLogprob[count];
        Assert.Equal(row[vocabulary / 2] - logSum, LogProbabilities.Of(row, vocabulary / 2, top), 1e-5);
        Assert.Equal(Rows.BestFirst(row).Take(count), top.Select(t => t.Id));
        Assert.All(top, t => Assert.Equal(row[t.Id] - logSum, t.Logprob, 1e-5));
    }

    [Fact]
    public void Ties_come_by_lower_id()
    {
        var (row, top) = (Rows.Ties(300, 2), new TokenLogprob[20]);
        LogProbabilities.Of(row, 0, top);
        Assert.Equal(Rows.BestFirst(row).Take(20), top.Select(t => t.Id));
    }

    [Fact]
    public void Huge_and_impossible_logits_do_no_harm()
    {
        var top = new TokenLogprob[3];
        Assert.Equal(-1000, LogProbabilities.Of([3e4f, 2.9e4f, float.NegativeInfinity], 1, top));
        Assert.Equal([new(0, 0), new(1, -1000), new(2, float.NegativeInfinity)], top);
    }

    [Fact]
    public void Rows_without_a_distribution_and_too_many_alternatives_are_errors()
    {
        Assert.Throws<SamplingException>(() => LogProbabilities.Of([1, float.NaN], 0, []));
        Assert.Throws<SamplingException>(() => LogProbabilities.Of([float.NegativeInfinity], 0, []));
        Assert.Throws<ArgumentOutOfRangeException>(() => LogProbabilities.Of(new float[30], 0, new TokenLogprob[21]));
    }
}
