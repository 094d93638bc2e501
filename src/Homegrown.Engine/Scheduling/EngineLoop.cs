using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Homegrown.Engine.Cache;
using Homegrown.Engine.Models;
using Homegrown.Kernels;

namespace Homegrown.Engine.Scheduling;

/// <summary>
/// The engine: one thread that plans a step, runs it through the model, applies what came out, and again. Sequences may be
/// handed in from any thread and run in the order of arrival.
/// </summary>
public sealed class EngineLoop : IDisposable
{
    readonly Decoder model;
    readonly KvCache cache;
    readonly Batch batch;
    readonly Planner planner;
    readonly List<Sequence> waiting = [];
    readonly List<PlannedRun> plan = [];
    readonly BlockingCollection<Action> arrivals = [];
    readonly Thread thread;

    /// <summary>Starts the engine. It does not own what it is given.</summary>
    public EngineLoop(Decoder model, Compute compute, KvCache cache)
    {
        (this.model, this.cache) = (model, cache);
        batch = new Batch(compute, cache);
        planner = new Planner(cache);
        thread = new Thread(Loop) { IsBackground = true, Name = "homegrown-engine" };
        thread.Start();
    }

    /// <summary>Puts a sequence in line.</summary>
    /// <exception cref="ObjectDisposedException">The engine has stopped.</exception>
    public void Add(Sequence sequence) => Enqueue(() => waiting.Add(sequence));

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
            while (arrivals.TryTake(out var arrival, waiting.Count == 0 ? Timeout.Infinite : 0)) arrival();
            if (arrivals.IsCompleted) break;
            Step();
        }

        foreach (var sequence in waiting) sequence.Sink.Ended(new OperationCanceledException("The engine was stopped."));
        waiting.Clear();
        arrivals.Dispose();     // here, not in Dispose: a sink may stop the engine from its own thread
    }

    /// <summary>One step: plan, run, apply. An error ends the sequences of the step, not the engine.</summary>
    internal void Step()
    {
        for (var i = waiting.Count - 1; i >= 0; i--)
            if (waiting[i].Sink.Cancelled) End(waiting[i], null);
        try
        {
            planner.Plan(waiting, plan);
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
            batch.Add(tokens, sequence.Cached, sequence.Lease, sequence.Scores ? LogitsOf.All : run.Samples ? LogitsOf.Last : LogitsOf.None, sequence.Tokens.Count);
        }

        using var turn = batch.Compute.Turn();
        return model.Forward(batch);
    }

    void Apply(Tensor logits)
    {
        var row = 0;
        foreach (var run in plan)
        {
            var sequence = run.Sequence;
            var samples = run.Samples;
            if (sequence.Scores)
                for (var i = 0; i < (samples ? run.Count - 1 : run.Count); i++) sequence.Sink.Scored(sequence.Cached + i, logits.Row(row++));
            if (sequence.Cached < sequence.PromptLength) sequence.Sink.PromptRead(Math.Min(sequence.Cached + run.Count, sequence.PromptLength));
            sequence.Cached += run.Count;
            if (!samples) continue;
            var next = sequence.Sink.Next(logits.Row(row++));
            if (next is { } token) sequence.Tokens.Add(token);
            if (next is null || sequence.Tokens.Count >= sequence.Limit) End(sequence, null);
            else if (model.ReadsAgain(sequence.Tokens.Count)) sequence.ReadAgain();
        }
    }

    void End(Sequence sequence, Exception? error)
    {
        if (!waiting.Remove(sequence)) return;
        cache.Release(sequence.Lease);
        sequence.Sink.Ended(error);
    }
}
