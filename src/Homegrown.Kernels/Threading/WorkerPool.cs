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
/// Each thread owns a run of neighbouring parts, so that it reads one stream of memory, and when it is through takes parts from
/// the ends of others' runs: parts may be small, and the last of them ends soon after the others. Whoever takes a part owns it in the
/// dispatch that is published at that moment, whichever it is, and that dispatch cannot end before the part is reported done. So
/// a late worker needs no generation number to be safe, and the job is stable from a claim until the report.
/// </remarks>
public sealed unsafe class WorkerPool : IDisposable
{
    /// <summary>Longer than the gaps between the dispatches of a step, shorter than anyone notices on an idle machine.</summary>
    static readonly long SpinTicks = Stopwatch.Frequency * 50 / 1_000_000;

    readonly Thread[] workers;
    readonly Share[] shares;
    readonly object gate = new();
    readonly long spinTicks;

    delegate*<void*, int, void> body;
    void* job;
    Exception? failure;
    Padded dispatches, unfinished, parked, busy;
    volatile bool stopping;

    /// <param name="threads">Threads that compute, the calling one included; 0 takes what the machine and its quota give.</param>
    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        Threads = threads > 0 ? threads : Processors.Available;
        // With more threads than processors a spinning worker would hold up the one that has work.
        spinTicks = Threads <= Environment.ProcessorCount ? SpinTicks : 0;
        shares = new Share[Threads];
        workers = new Thread[Threads - 1];
        for (var i = 0; i < workers.Length; i++)
        {
            var number = i + 1;
            workers[i] = new Thread(() => Work(number)) { IsBackground = true, Name = $"homegrown {i + 1}" };
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
            failure = null;
            Volatile.Write(ref unfinished.Value, parts);
            for (var thread = 0; thread < Threads; thread++)
                shares[thread].Publish(FirstPart(thread, Threads, parts), FirstPart(thread + 1, Threads, parts));
            Interlocked.Increment(ref dispatches.Value); // a full fence: publishes, before parked is read
            WakeParked();
            RunParts(0);
            var ahead = shares[0].Ahead;
            for (var spins = 0; Volatile.Read(ref unfinished.Value) > 0; spins++)
            {
                if (ahead.Fetch()) continue;
                if (spins < 1000) Thread.SpinWait(1);
                else Thread.Yield();
            }
        }

        var thrown = failure;
        Volatile.Write(ref busy.Value, 0);
        if (thrown is not null) ExceptionDispatchInfo.Throw(thrown);
    }

    /// <summary>The first part of a thread's own, of a dispatch of so many.</summary>
    internal static int FirstPart(int thread, int threads, int parts) => (int)((long)parts * thread / threads);

    static void RunPart<TJob>(void* job, int part)
        where TJob : struct, IJob => Unsafe.AsRef<TJob>(job).Run(part);

    /// <summary>Runs parts until none is left to take, its own first.</summary>
    void RunParts(int thread)
    {
        var done = 0;
        for (; TryTake(thread, out var part); done++)
        {
            try
            {
                if (Volatile.Read(ref failure) is null) body(job, part);
            }
            catch (Exception exception)
            {
                Interlocked.CompareExchange(ref failure, exception, null);
            }
        }

        if (done > 0) Interlocked.Add(ref unfinished.Value, -done);
    }

    bool TryTake(int thread, out int part)
    {
        if (shares[thread].TryTakeFirst(out part)) return true;
        for (var i = 1; i < shares.Length; i++)
            if (shares[(thread + i) % shares.Length].TryTakeLast(out part)) return true;
        return false;
    }

    void Work(int thread)
    {
        var seen = 0;
        while (!stopping)
        {
            RunParts(thread);
            var ahead = shares[thread].Ahead;
            var idleSince = Stopwatch.GetTimestamp();
            while (Volatile.Read(ref dispatches.Value) == seen && !stopping)
            {
                if (ahead.Fetch()) continue;
                if (Stopwatch.GetTimestamp() - idleSince < spinTicks) Thread.SpinWait(1);
                else Park(seen);
            }

            seen = Volatile.Read(ref dispatches.Value);
        }
    }

    /// <summary>Says what each thread will read next, to be fetched into its cache while it has nothing to do; a hint.</summary>
    internal void Expect(int thread, ReadOnlySpan<byte> memory)
    {
        fixed (byte* first = memory) shares[thread].Ahead = new(first, memory.Length);
    }

    /// <summary>
    /// Sleeps until something is published after what was <paramref name="seen"/>. The worker counts itself before it looks at the
    /// counter, the dispatcher writes the counter before it looks for sleepers, both with a full fence: one of them sees the other.
    /// </summary>
    void Park(int seen)
    {
        lock (gate)
        {
            Interlocked.Increment(ref parked.Value);
            while (Volatile.Read(ref dispatches.Value) == seen && !stopping) Monitor.Wait(gate);
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
