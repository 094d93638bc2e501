using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Homegrown.Kernels.Threading;

/// <summary>
/// Threads that compute together with the caller. A model's step is some two hundred dispatches, many of them shorter than
/// waking a thread takes, so workers spin between dispatches for a bounded while, and only then park.
/// </summary>
/// <remarks>
/// A dispatch is one counter: whoever decrements <c>unclaimed</c> to zero or above owns a part of the dispatch that is
/// published at that moment, whichever it is, and that dispatch cannot end before the part is done. So a late worker needs no
/// generation number, and the job is stable from a claim until <c>unfinished</c> is counted down for it.
/// </remarks>
public sealed unsafe class WorkerPool : IDisposable
{
    /// <summary>Longer than the gaps between the dispatches of a step, shorter than anyone notices on an idle machine.</summary>
    static readonly long SpinTicks = Stopwatch.Frequency * 50 / 1_000_000;

    readonly Thread[] workers;
    readonly object gate = new();
    readonly long spinTicks;

    delegate*<void*, int, void> body;
    void* job;
    int parts;
    Exception? failure;
    Padded unclaimed, unfinished, parked, busy;
    volatile bool stopping;

    /// <param name="threads">Threads that compute, the calling one included; 0 takes what the machine and its quota give.</param>
    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        Threads = threads > 0 ? threads : Processors.Available;
        // With more threads than processors a spinning worker would hold up the one that has work.
        spinTicks = Threads <= Environment.ProcessorCount ? SpinTicks : 0;
        workers = new Thread[Threads - 1];
        for (var i = 0; i < workers.Length; i++)
        {
            workers[i] = new Thread(Work) { IsBackground = true, Name = $"homegrown {i + 1}" };
            workers[i].Start();
        }
    }

    /// <summary>Threads that compute, the calling one included.</summary>
    public int Threads { get; }

    internal IReadOnlyList<Thread> Workers => workers;

    /// <summary>All workers sleep.</summary>
    internal bool IsParked => Volatile.Read(ref parked.Value) == workers.Length;

    /// <summary>
    /// Runs all parts of the job, on the caller's thread too, and returns when all are done. The first exception of a part is
    /// thrown here; parts not yet begun are then dropped. A pool that is busy (a job that dispatches, a second caller) runs
    /// the parts on the calling thread alone.
    /// </summary>
    internal void Run<TJob>(int parts, ref TJob job)
        where TJob : struct, IJob
    {
        ObjectDisposedException.ThrowIf(stopping, this);
        if (parts <= 1 || workers.Length == 0 || Interlocked.Exchange(ref busy.Value, 1) != 0)
        {
            for (var part = 0; part < parts; part++) job.Run(part);
            return;
        }

        // A job in a field of an object stays where it is while the threads read it.
        fixed (byte* pinned = &Unsafe.As<TJob, byte>(ref job))
        {
            body = &RunPart<TJob>;
            this.job = pinned;
            this.parts = parts;
            failure = null;
            Volatile.Write(ref unfinished.Value, parts);
            Interlocked.Exchange(ref unclaimed.Value, parts); // a full fence: publishes, before parked is read
            WakeParked();
            while (TryRunPart())
            {
            }

            for (var spins = 0; Volatile.Read(ref unfinished.Value) > 0; spins++)
            {
                if (spins < 1000) Thread.SpinWait(1);
                else Thread.Yield();
            }
        }

        var thrown = failure;
        Volatile.Write(ref busy.Value, 0);
        if (thrown is not null) ExceptionDispatchInfo.Throw(thrown);
    }

    static void RunPart<TJob>(void* job, int part)
        where TJob : struct, IJob => Unsafe.AsRef<TJob>(job).Run(part);

    bool TryRunPart()
    {
        if (Volatile.Read(ref unclaimed.Value) <= 0) return false;
        var left = Interlocked.Decrement(ref unclaimed.Value);
        if (left < 0) return false;
        try
        {
            if (Volatile.Read(ref failure) is null) body(job, parts - 1 - left);
        }
        catch (Exception exception)
        {
            Interlocked.CompareExchange(ref failure, exception, null);
        }

        Interlocked.Decrement(ref unfinished.Value);
        return true;
    }

    void Work()
    {
        while (!stopping)
        {
            var idleSince = Stopwatch.GetTimestamp();
            while (TryRunPart()) idleSince = Stopwatch.GetTimestamp();
            while (Volatile.Read(ref unclaimed.Value) <= 0 && !stopping)
            {
                if (Stopwatch.GetTimestamp() - idleSince < spinTicks) Thread.SpinWait(1);
                else Park();
            }
        }
    }

    /// <summary>
    /// Sleeps until something is published. The worker counts itself before it looks at the counter, the dispatcher writes the
    /// counter before it looks for sleepers, both with a full fence: one of them sees the other.
    /// </summary>
    void Park()
    {
        lock (gate)
        {
            Interlocked.Increment(ref parked.Value);
            while (Volatile.Read(ref unclaimed.Value) <= 0 && !stopping) Monitor.Wait(gate);
            Interlocked.Decrement(ref parked.Value);
        }
    }

    void WakeParked()
    {
        if (Volatile.Read(ref parked.Value) == 0) return;
        lock (gate) Monitor.PulseAll(gate);
    }

    /// <summary>Ends the threads; a dispatch in progress is finished first by the threads that are in it.</summary>
    public void Dispose()
    {
        if (stopping) return;
        stopping = true;
        Interlocked.MemoryBarrier();
        WakeParked();
        foreach (var worker in workers) worker.Join();
    }

    /// <summary>A counter on cache lines of its own (two: processors fetch them in pairs), since every thread writes to it.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    struct Padded
    {
        [FieldOffset(128)]
        public int Value;
    }
}
