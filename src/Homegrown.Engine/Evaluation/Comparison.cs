namespace Homegrown.Engine.Evaluation;

/// <summary>What a model, and the one it is compared with, made of a text.</summary>
public sealed class Comparison
{
    Comparison()
    {
    }

    /// <summary>Kullback-Leibler divergence from the base, nats, of each scored position.</summary>
    public Samples Divergence { get; } = new();

    /// <summary>Minus the log probability of each scored token, nats.</summary>
    public Samples Surprise { get; } = new();

    /// <inheritdoc cref="Surprise"/>
    public Samples BaseSurprise { get; } = new();

    /// <summary>Share of the positions at which both would choose the same token.</summary>
    public double SameTop => Divergence.Count == 0 ? 0 : (double)same / Divergence.Count;

    int same;

    /// <summary>Compares two models in step. Memory: the rows of a step of one of them.</summary>
    /// <param name="progress">Gets the tokens done.</param>
    /// <exception cref="ArgumentException">The models' vocabularies have different sizes.</exception>
    /// <exception cref="ContextLengthException">A window is longer than a model's context.</exception>
    /// <exception cref="ArithmeticException">Logits are not finite.</exception>
    public static Comparison Run(LocalModel model, LocalModel other, TextWindows windows, Action<int>? progress = null, CancellationToken cancellation = default)
    {
        var vocabulary = model.VocabularySize;
        if (other.VocabularySize != vocabulary)
            throw new ArgumentException($"{model.Path} has {vocabulary} tokens, {other.Path} {other.VocabularySize}: only models of one vocabulary compare.", nameof(other));
        var comparison = new Comparison();
        var rows = new float[LogitsRun.MostRows * vocabulary];
        foreach (var (number, window) in windows.All.Index())
        {
            using var ours = model.Evaluate(TextWindows.Context(window), windows.FirstScored);
            using var theirs = other.Evaluate(TextWindows.Context(window), windows.FirstScored);
            var first = windows.FirstScored;        // position of the first row kept
            while (theirs.Next((position, row) => row.CopyTo(rows.AsSpan((position - first) * vocabulary))))
            {
                cancellation.ThrowIfCancellationRequested();
                var next = first;
                ours.Next((position, row) =>
                {
                    comparison.Add(rows.AsSpan((position - first) * vocabulary, vocabulary), row, window[position + 1]);
                    next = position + 1;
                });
                first = next;
                progress?.Invoke((number * windows.Length) + first);
            }
        }

        return comparison;
    }

    /// <summary>What one model makes of a text: minus the log probability of each scored token, nats. Its mean's exponential is the perplexity.</summary>
    /// <inheritdoc cref="Run"/>
    public static Samples Surprises(LocalModel model, TextWindows windows, Action<int>? progress = null, CancellationToken cancellation = default)
    {
        var surprises = new Samples();
        foreach (var (number, window) in windows.All.Index())
        {
            using var run = model.Evaluate(TextWindows.Context(window), windows.FirstScored);
            var done = 0;
            while (run.Next((position, row) => surprises.Add(LogitRows.Surprise(row, window[done = position + 1]))))
            {
                cancellation.ThrowIfCancellationRequested();
                progress?.Invoke((number * windows.Length) + done);
            }
        }

        return surprises;
    }

    void Add(ReadOnlySpan<float> reference, ReadOnlySpan<float> logits, int token)
    {
        Divergence.Add(LogitRows.Divergence(reference, logits));
        Surprise.Add(LogitRows.Surprise(logits, token));
        BaseSurprise.Add(LogitRows.Surprise(reference, token));
        if (LogitRows.Top(reference) == LogitRows.Top(logits)) same++;
    }
}
