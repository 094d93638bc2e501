using Homegrown.Engine.Evaluation;
using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Evaluation;

/// <summary>On the first windows of models/eval-en.txt; all 28 of 512 tokens give llama.cpp's perplexity (models/README.md).</summary>
public sealed class ComparisonTests : IDisposable
{
    readonly LocalModel exact = LocalModel.Load(Repository.Model, new() { Exact = true }), fast = LocalModel.Load(Repository.Model);

    public void Dispose()
    {
        exact.Dispose();
        fast.Dispose();
    }

    [Fact]
    public void Every_token_of_the_second_halves_is_scored_by_the_logits_before_it()
    {
        var windows = Windows(160);
        var (expected, progress) = (new List<double>(), 0);
        foreach (var window in windows.All)
            exact.Logits(window, (position, row) =>
            {
                if (position >= 80 && position < 159) expected.Add(LogitRows.Surprise(row, window[position + 1]));
            });
        var surprises = Comparison.Surprises(exact, windows, tokens => progress = tokens, TestContext.Current.CancellationToken);
        Assert.Equal(windows.All.Count * 79, surprises.Count);
        Assert.Equal(expected.Average(), surprises.Mean, 1e-9);
        Assert.Equal(windows.Tokens - 1, progress);
    }

    [Fact]
    public void The_fast_path_is_close_to_float32_and_float32_is_equal_to_itself()
    {
        var windows = Windows(160);
        var compared = Comparison.Run(fast, exact, windows, null, TestContext.Current.CancellationToken);
        Assert.Equal(windows.All.Count * 79, compared.Divergence.Count);
        Assert.InRange(compared.Divergence.Mean, 1e-12, 0.004);     // llama.cpp's own, with 8-bit activations
        Assert.InRange(compared.SameTop, 0.95, 1);
        Assert.Equal(compared.BaseSurprise.Mean, compared.Surprise.Mean, 0.02);

        var same = Comparison.Run(exact, exact, windows, null, TestContext.Current.CancellationToken);
        Assert.Equal(1, same.SameTop);
        Assert.InRange(same.Divergence.Quantile(1), 0, 1e-12);
    }

    [Fact]
    public void A_text_shorter_than_a_window_is_an_error_that_says_what_to_do()
    {
        var error = Assert.Throws<ArgumentException>(() => new TextWindows(exact.Tokenizer, "In the beginning", 512));
        Assert.Contains("take a longer text or a shorter window", error.Message);
    }

    TextWindows Windows(int length)
        => new(exact.Tokenizer, File.ReadAllText(Path.Combine(Path.GetDirectoryName(Repository.Model)!, "eval-en.txt"))[..1600], length);
}
