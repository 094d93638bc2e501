using Homegrown.Engine.Cache;
using Homegrown.Engine.Models;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;

namespace Homegrown.Engine.Tests.Scheduling;

/// <summary>A model without weights: after token t comes t + 1, modulo its vocabulary. It notes how many rows each step had.</summary>
sealed class CountingDecoder(int vocabulary = 16) : Decoder
{
    public List<int> Steps { get; } = [];

    /// <summary>Thrown by the step in which this token is run.</summary>
    public int? Poison { get; init; }

    /// <summary>Called at the start of each step, on the engine's thread.</summary>
    public Action? BeforeStep { get; init; }

    public override KvShape KvShape => new(1, 1, 8);

    public override Tensor Forward(Batch batch)
    {
        BeforeStep?.Invoke();
        Steps.Add(batch.Tokens.Length);
        if (Poison is { } poison && batch.Tokens.Contains(poison)) throw new InvalidOperationException("poison");
        var logits = batch.Compute.Rent(batch.Sampled.Count, vocabulary);
        for (var i = 0; i < batch.Sampled.Count; i++)
        {
            var row = logits.Row(i);
            row.Clear();
            row[(batch.Tokens[batch.Sampled[i]] + 1) % vocabulary] = 1;
        }

        return logits;
    }
}

/// <summary>A sink that takes the best token until it has enough, and remembers everything.</summary>
sealed class CollectingSink(int wanted) : ISequenceSink
{
    readonly TaskCompletionSource<Exception?> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public List<int> Generated { get; } = new(capacity: 4096);

    /// <summary>What it was told of the prompt.</summary>
    public List<int> PromptReads { get; } = [];

    public bool Cancelled { get; set; }

    public Task<Exception?> Done => ended.Task;

    public void PromptRead(int tokens, int reused) => PromptReads.Add(tokens);

    public int? Next(ReadOnlySpan<float> logits)
    {
        var best = 0;
        for (var i = 1; i < logits.Length; i++)
            if (logits[i] > logits[best]) best = i;
        Generated.Add(best);
        return Generated.Count < wanted ? best : null;
    }

    public void Ended(Exception? error) => ended.SetResult(error);
}
