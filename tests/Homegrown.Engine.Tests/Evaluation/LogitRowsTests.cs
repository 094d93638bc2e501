using Homegrown.Engine.Evaluation;
using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Evaluation;

public sealed class LogitRowsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1000)]
    [InlineData(1003)]
    public void Divergence_is_its_definition(int vocabulary)
    {
        var (reference, logits) = (Row(vocabulary, 1), Row(vocabulary, 2));
        Assert.Equal(Numbers.Divergence(logits, reference), LogitRows.Divergence(reference, logits), 1e-11);
        Assert.InRange(LogitRows.Divergence(logits, logits), 0, 1e-14);
    }

    [Fact]
    public void Surprise_is_minus_the_logarithm_of_the_probability()
    {
        float[] logits = [MathF.Log(1), MathF.Log(2), MathF.Log(5), MathF.Log(2), float.NegativeInfinity];
        Assert.Equal(Math.Log(2), LogitRows.Surprise(logits, 2), 1e-7);
        Assert.Equal(2, LogitRows.Top(logits));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Logits_that_are_not_finite_are_an_error(float bad)
    {
        var logits = Row(20, 3);
        logits[11] = bad;
        Assert.Throws<ArithmeticException>(() => LogitRows.Surprise(logits, 0));
        Assert.Throws<ArithmeticException>(() => LogitRows.Divergence(Row(20, 4), logits));
    }

    [Fact]
    public void Samples_know_mean_error_and_quantiles()
    {
        var samples = new Samples();
        foreach (var value in (double[])[4, 1, 3, 2]) samples.Add(value);
        Assert.Equal(2.5, samples.Mean, 1e-12);
        Assert.Equal(Math.Sqrt(5.0 / 3 / 4), samples.StandardError, 1e-12);
        Assert.Equal((1, 2.5, 4), (samples.Quantile(0), samples.Quantile(0.5), samples.Quantile(1)));
        Assert.Equal(3.7, samples.Quantile(0.9), 1e-12);
    }

    static float[] Row(int vocabulary, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, vocabulary).Select(_ => (random.NextSingle() * 20) - 10)];
    }
}
