namespace Homegrown.Kernels.Threading;

/// <summary>
/// Keeps the models of a process from fighting for processors: no more threads compute at once than there are, and who came first
/// goes first. A thread that spins for another which has no processor would hold up both.
/// </summary>
sealed class Turns
{
    readonly object gate = new();
    readonly int processors;
    int free;
    long arrived, admitted;

    public Turns(int processors) => this.processors = free = processors;

    /// <summary>Of this process.</summary>
    public static Turns OfProcess { get; } = new(Environment.ProcessorCount);

    /// <summary>Callers that have not been admitted yet.</summary>
    internal int Waiting
    {
        get
        {
            lock (gate) return (int)(arrived - admitted);
        }
    }

    /// <summary>Waits until so many threads (or, of more than there are processors, all of them) may compute. <see cref="Leave"/> gives them back.</summary>
    public void Enter(int threads)
    {
        threads = Math.Min(threads, processors);
        lock (gate)
        {
            var number = arrived++;
            while (number != admitted || free < threads) Monitor.Wait(gate);
            admitted++;
            free -= threads;
            if (free > 0) Monitor.PulseAll(gate);   // the next may fit too
        }
    }

    public void Leave(int threads)
    {
        lock (gate)
        {
            free += Math.Min(threads, processors);
            if (arrived != admitted) Monitor.PulseAll(gate);
        }
    }
}
