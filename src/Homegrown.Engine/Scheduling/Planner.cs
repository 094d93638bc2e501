using System.Runtime.InteropServices;
using Homegrown.Engine.Cache;

namespace Homegrown.Engine.Scheduling;

/// <summary>Tokens of one sequence to run in a step: <paramref name="Count"/> from its first that is not cached.</summary>
public readonly record struct PlannedRun(Sequence Sequence, int Count)
{
    /// <summary>The run reaches the sequence's last token, so that its logits are wanted.</summary>
    public bool Samples => Sequence.Cached + Count == Sequence.Tokens.Count;
}

/// <summary>How much a step may do.</summary>
public sealed record PlannerOptions
{
    /// <summary>Sequences that run at the same time.</summary>
    public int Sequences { get; init; } = 1;

    /// <summary>Tokens of prompts in a step.</summary>
    public int Chunk { get; init; } = 512;

    /// <summary>The same in a step in which others wait for their next token: what a step of these takes, a few times over.</summary>
    public int MixedChunk { get; init; } = 48;
}

/// <summary>
/// Decides what the next step runs: a function of sequences and free pages, without clock, thread or tensor. Every step takes the
/// next token of all that generate, and of prompts, in the order of arrival, as much as fits beside (chunked prefill: Agrawal et al. 2023,
/// arXiv 2308.16369). Where pages run out, who came last gives way and is read again later.
/// </summary>
public sealed class Planner(KvCache cache, PlannerOptions? options = null)
{
    /// <summary>Pieces of a prompt end at multiples of so many positions.</summary>
    const int PieceTokens = 16;

    const int ScoredChunk = 64;     // rows of logits are as long as the vocabulary: 40 MB of them where it has 150,000

    readonly PlannerOptions options = options ?? new();

    /// <summary>Fills <paramref name="plan"/> with the runs of the next step; reserves their pages. Empty when nothing waits.</summary>
    /// <param name="sequences">In the order of arrival.</param>
    public void Plan(IReadOnlyList<Sequence> sequences, List<PlannedRun> plan)
    {
        plan.Clear();
        var running = 0;
        for (var i = 0; i < sequences.Count; i++)
        {
            var sequence = sequences[i];
            if (sequence.Running && Generates(sequence) && Grow(sequence, sequences)) plan.Add(new(sequence, 1));
            if (sequence.Running) running++;
        }

        var budget = plan.Count > 0 ? options.MixedChunk : options.Chunk;
        for (var i = 0; i < sequences.Count && budget > 0; i++)
        {
            var sequence = sequences[i];
            if (sequence.Running && Generates(sequence)) continue;
            if (!sequence.Running)
            {
                if (running == options.Sequences || !Admit(sequence, alone: running == 0)) break;      // nobody overtakes
                running++;
            }

            var count = Piece(sequence, budget);
            if (count <= 0) break;
            plan.Add(new(sequence, count));
            budget -= count;
        }
    }

    /// <summary>Its pages can be used by others; it will be read again.</summary>
    public void Suspend(Sequence sequence)
    {
        if (sequence.Shares) cache.Keep(sequence.Lease, CollectionsMarshal.AsSpan(sequence.Tokens)[..sequence.Cached], sequence.Variant);
        cache.Release(sequence.Lease);
        (sequence.Running, sequence.Cached) = (false, 0);
    }

    static bool Generates(Sequence sequence) => sequence.Cached + 1 == sequence.Tokens.Count && !sequence.Scores;

    /// <summary>Lets a sequence begin, if all of its text so far fits beside the others.</summary>
    bool Admit(Sequence sequence, bool alone)
    {
        if (sequence.Shares && !sequence.Scores) sequence.Cached = cache.Reuse(sequence.Lease, CollectionsMarshal.AsSpan(sequence.Tokens), sequence.Variant);
        sequence.Reused = sequence.Cached;
        sequence.Running = cache.TryReserve(sequence.Lease, sequence.Tokens.Count);
        if (sequence.Running) return true;
        Suspend(sequence);
        return alone ? throw TooSmall(sequence) : false;
    }

    /// <summary>Room for one more token: the last to come gives way if need be, which may be this one.</summary>
    bool Grow(Sequence sequence, IReadOnlyList<Sequence> sequences)
    {
        while (!cache.TryReserve(sequence.Lease, sequence.Tokens.Count))
        {
            var last = sequences.Last(candidate => candidate.Running);
            if (last == sequence && sequences.First(candidate => candidate.Running) == sequence) throw TooSmall(sequence);
            Suspend(last);
            if (last == sequence) return false;
        }

        return true;
    }

    /// <summary>
    /// How much of a text to read now; 0 where so little room is left that a piece would end where recurrences, which take some rows at a
    /// time, do not. What was generated before a sequence gave way is a piece of its own: arithmetic may differ. Where states are kept, a
    /// piece ends at the last whole page, for others that begin alike.
    /// </summary>
    int Piece(Sequence sequence, int budget)
    {
        var end = sequence.Cached < sequence.PromptLength ? sequence.PromptLength : sequence.Tokens.Count;
        var pages = (end - 1) / KvCache.PageSize * KvCache.PageSize;
        if (cache.HasStates && pages > sequence.Cached) end = pages;
        var room = sequence.Scores ? Math.Min(ScoredChunk, budget) : budget;
        return end - sequence.Cached <= room ? end - sequence.Cached : ((sequence.Cached + room) / PieceTokens * PieceTokens) - sequence.Cached;
    }

    // A context is never longer than the cache, so that a sequence always fits alone.
    InvalidOperationException TooSmall(Sequence sequence)
        => new($"The cache has {cache.FreePages} free pages of {KvCache.PageSize} positions, too few for {sequence.Tokens.Count}.");
}
