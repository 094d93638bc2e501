using Homegrown.Engine.Cache;

namespace Homegrown.Engine.Scheduling;

/// <summary>Tokens of one sequence to run in a step: <paramref name="Count"/> from its first that is not cached.</summary>
public readonly record struct PlannedRun(Sequence Sequence, int Count)
{
    /// <summary>The run reaches the sequence's last token, so that its logits are wanted.</summary>
    public bool Samples => Sequence.Cached + Count == Sequence.Tokens.Count;
}

/// <summary>
/// Decides what the next step runs: a function of waiting sequences and free pages, without clock, thread or tensor. This first
/// planner runs one sequence at a time, in the order of arrival, prompts in chunks; batching replaces this class and nothing else.
/// </summary>
public sealed class Planner(KvCache cache, int chunk = Planner.Chunk)
{
    /// <summary>Tokens of a prompt in a step.</summary>
    internal const int Chunk = 512;

    const int ScoredChunk = 64;     // rows of logits are as long as the vocabulary: 40 MB of them where it has 150,000

    /// <summary>Fills <paramref name="plan"/> with the runs of the next step; reserves their pages. Empty when nothing waits.</summary>
    public void Plan(IReadOnlyList<Sequence> waiting, List<PlannedRun> plan)
    {
        plan.Clear();
        if (waiting.Count == 0) return;
        var sequence = waiting[0];
        var count = Math.Min(sequence.Scores ? ScoredChunk : chunk, sequence.Tokens.Count - sequence.Cached);

        // The cache holds a whole context and sequences are no longer than that, so a single one always finds its pages and its slot.
        if (!cache.TryReserve(sequence.Lease, sequence.Cached + count))
            throw new InvalidOperationException($"The cache has {cache.FreePages} free pages of {KvCache.PageSize} positions, too few for {sequence.Cached + count}.");
        plan.Add(new(sequence, count));
    }
}
