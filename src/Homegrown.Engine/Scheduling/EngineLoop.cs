using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Homegrown.Engine.Cache;
using Homegrown.Engine.Models;
using Homegrown.Kernels;

namespace Homegrown.Engine.Scheduling;

/// <summary>
/// The engine: one thread that plans a step, runs it through the model, applies what came out, and again. Sequences may be
/// handed in from any thread; they begin in the order of arrival, and several run at the same time (continuous batching: Yu et al.
/// 2022, Orca).
/// </summary>
public sealed class EngineLoop : IDisposable
{
    readonly Decoder model;
    readonly KvCache cache;
    readonly Batch batch;
    readonly Planner planner;
    readonly List<Sequence> sequences = [];
    readonly List<PlannedRun> plan = [];
    readonly BlockingCollection<Action> arrivals = [];
    readonly Thread thread;

    /// <summary>Starts the engine. It does not own what it is given.</summary>
    public EngineLoop(Decoder model, Compute compute, KvCache cache, PlannerOptions? options = null)
    {
        (this.model, this.cache) = (model, cache);
        batch = new Batch(compute, cache);
        planner = new Planner(cache, options);
        thread = new Thread(Loop) { IsBackground = true, Name = "homegrown-engine" };
        thread.Start();
    }

    /// <summary>Puts a sequence in line.</summary>
    /// <exception cref="ObjectDisposedException">The engine has stopped.</exception>
    public void Add(Sequence sequence) => Enqueue(() =>
    {
        sequence.Variant = model.Variant(sequence.PromptLength);
        sequences.Add(sequence);
    });

    /// <summary>Runs something between two steps on the engine's thread, which owns the model, and waits for it.</summary>
    public void Exclusively(Action action)
    {
        var done = new TaskCompletionSource();
        Enqueue(() =>
        {
            try
            {
                action();
                done.SetResult();
            }
            catch (Exception error)
            {
                done.SetException(error);
            }
        });
        done.Task.GetAwaiter().GetResult();
    }

    /// <summary>Ends sequences with an <see cref="OperationCanceledException"/> and the thread after its current step.</summary>
    public void Dispose()
    {
        try
        {
            arrivals.CompleteAdding();
        }
        catch (ObjectDisposedException)
        {
            return;             // stopped before
        }

        if (Thread.CurrentThread != thread) thread.Join();
    }

    void Enqueue(Action arrival)
    {
        try
        {
            arrivals.Add(arrival);
        }
        catch (InvalidOperationException)
        {
            throw new ObjectDisposedException(nameof(EngineLoop));
        }
    }

    void Loop()
    {
        while (true)
        {
            // Idle: wait for work. Busy: take in what has arrived between two steps.
            while (arrivals.TryTake(out var arrival, sequences.Count == 0 ? Timeout.Infinite : 0)) arrival();
            if (arrivals.IsCompleted) break;
            Step();
        }

        foreach (var sequence in sequences) sequence.Sink.Ended(new OperationCanceledException("The engine was stopped."));
        sequences.Clear();
        arrivals.Dispose();     // here, not in Dispose: a sink may stop the engine from its own thread
    }

    /// <summary>One step: plan, run, apply. An error ends the sequences of the step, not the engine.</summary>
    internal void Step()
    {
        for (var i = sequences.Count - 1; i >= 0; i--)
            if (sequences[i].Sink.Cancelled) End(sequences[i], null);
        try
        {
            planner.Plan(sequences, plan);
            if (plan.Count > 0) Apply(Run());
        }
        catch (Exception error)
        {
            foreach (var run in plan) End(run.Sequence, error);
        }
    }

    Tensor Run()
    {
        batch.Clear();
        foreach (var run in plan)
        {
            var sequence = run.Sequence;
            var tokens = CollectionsMarshal.AsSpan(sequence.Tokens).Slice(sequence.Cached, run.Count);
            batch.Add(tokens, sequence.Cached, sequence.Lease, sequence.Scores ? LogitsOf.All : run.Samples ? LogitsOf.Last : LogitsOf.None, sequence.Tokens.Count, generated: sequence.Cached >= sequence.PromptLength);
        }

        using var turn = batch.Compute.Turn();
        return model.Forward(batch);
    }

    void Apply(Tensor logits)
    {
        var row = 0;
        foreach (var run in plan)
        {
            var (sequence, samples) = (run.Sequence, run.Samples);
            var rows = sequence.Scores ? run.Count : samples ? 1 : 0;
            try
            {
                Apply(run, logits, row);
            }
            catch (Exception error)
            {
                End(sequence, error);
            }

            row += rows;
        }
    }

    /// <summary>What came out for one sequence, from a row of the logits on.</summary>
    void Apply(PlannedRun run, Tensor logits, int row)
    {
        var (sequence, samples) = (run.Sequence, run.Samples);
        if (sequence.Scores)
            for (var i = 0; i < (samples ? run.Count - 1 : run.Count); i++) sequence.Score(sequence.Cached + i, logits.Row(row++));
        if (sequence.Cached < sequence.PromptLength) Read(sequence, sequence.Cached + run.Count);
        else sequence.Cached += run.Count;
        if (!samples) return;
        var next = sequence.Sink.Next(logits.Row(row));
        if (next is { } token) sequence.Tokens.Add(token);
        if (next is null || sequence.Tokens.Count >= sequence.Limit) End(sequence, null);
        else if (model.ReadsAgain(sequence.Tokens.Count)) ReadAgain(sequence);
    }

    /// <summary>From here on its positions turn otherwise.</summary>
    void ReadAgain(Sequence sequence)
    {
        planner.Suspend(sequence);
        sequence.Variant = model.Variant(sequence.Tokens.Count);
    }

    /// <summary>A piece of a prompt is in the cache.</summary>
    void Read(Sequence sequence, int cached)
    {
        sequence.Cached = cached;
        Keep(sequence);
        if (sequence.Tokens.Count == sequence.PromptLength) sequence.Sink.PromptRead(cached, sequence.Reused);
    }

    void Keep(Sequence sequence, bool end = false)
    {
        if (sequence.Shares) cache.Keep(sequence.Lease, CollectionsMarshal.AsSpan(sequence.Tokens)[..sequence.Cached], sequence.Variant, end);
    }

    void End(Sequence sequence, Exception? error)
    {
        if (!sequences.Remove(sequence)) return;
        if (error is null) Keep(sequence, end: true);
        cache.Release(sequence.Lease);
        sequence.Sink.Ended(error);
    }
}
