using Homegrown.Kernels.Threading;

namespace Homegrown.Kernels.Tests.Threading;

public sealed class WorkerPoolTests
{
    struct Count(int[] runs) : IJob
    {
        public readonly void Run(int part) => Interlocked.Increment(ref runs[part]);
    }

    struct Throws(int[] runs, int at) : IJob
    {
        public readonly void Run(int part)
        {
            if (part == at) throw new InvalidOperationException($"part {part}");
            Interlocked.Increment(ref runs[part]);
        }
    }

    struct Nested(WorkerPool pool, int[] runs) : IJob
    {
        public readonly void Run(int part)
        {
            var inner = new Count(runs);
            pool.Run(runs.Length, ref inner);
        }
    }

    /// <summary>Part 0 waits until another thread has done part 1: impossible on one thread.</summary>
    struct Meet(ManualResetEventSlim met) : IJob
    {
        public readonly void Run(int part)
        {
            if (part == 1) met.Set();
            else met.Wait();
        }
    }

    /// <summary>Part 0 waits until all others are done.</summary>
    struct WaitsForOthers(CountdownEvent others) : IJob
    {
        public readonly void Run(int part)
        {
            if (part == 0) others.Wait();
            else others.Signal();
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    public void Every_part_of_every_dispatch_runs_once(int threads)
    {
        using var pool = new WorkerPool(threads);
        for (var parts = 0; parts < 300; parts++)
        {
            var runs = new int[parts];
            var job = new Count(runs);
            pool.Run(parts, ref job);
            Assert.All(runs, count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void Thousands_of_short_dispatches_lose_no_part()
    {
        using var pool = new WorkerPool(2);
        var runs = new int[3];
        var job = new Count(runs);
        for (var i = 0; i < 20_000; i++) pool.Run(runs.Length, ref job);
        Assert.Equal([20_000, 20_000, 20_000], runs);
    }

    [Fact]
    public void Two_parts_run_at_the_same_time_even_after_the_workers_parked()
    {
        using var pool = new WorkerPool(2);
        for (var i = 0; i < 3; i++)
        {
            while (!pool.IsParked) Thread.Yield();
            using var met = new ManualResetEventSlim();
            var job = new Meet(met);
            pool.Run(2, ref job);
            Assert.True(met.IsSet);
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Parts_of_a_thread_that_is_held_up_are_done_by_others(int threads)
    {
        using var pool = new WorkerPool(threads);
        using var others = new CountdownEvent(19);
        var job = new WaitsForOthers(others);
        pool.Run(20, ref job);
        Assert.True(others.IsSet);
    }

    [Fact]
    public void What_is_expected_next_may_be_any_memory()
    {
        using var pool = new WorkerPool(2);
        var runs = new int[8];
        var job = new Count(runs);
        unsafe
        {
            pool.Expect(0, new((void*)64, 1 << 20));    // fetched, never read
            pool.Expect(1, default);
        }

        for (var i = 0; i < 100; i++) pool.Run(runs.Length, ref job);
        Assert.All(runs, count => Assert.Equal(100, count));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void An_exception_of_a_part_reaches_the_caller_and_the_pool_goes_on(int threads)
    {
        using var pool = new WorkerPool(threads);
        for (var i = 0; i < 100; i++)
        {
            var failing = new Throws(new int[20], i % 20);
            Assert.Equal($"part {i % 20}", Assert.Throws<InvalidOperationException>(() => pool.Run(20, ref failing)).Message);
        }

        var runs = new int[20];
        var job = new Count(runs);
        pool.Run(20, ref job);
        Assert.All(runs, count => Assert.Equal(1, count));
    }

    [Fact]
    public void A_dispatch_from_inside_a_job_runs_on_the_thread_that_makes_it()
    {
        using var pool = new WorkerPool(3);
        var runs = new int[10];
        var job = new Nested(pool, runs);
        pool.Run(7, ref job);
        Assert.All(runs, count => Assert.Equal(7, count));
    }

    [Fact]
    public void Two_callers_at_once_each_get_all_their_parts()
    {
        using var pool = new WorkerPool(2);
        var callers = Enumerable.Range(0, 4).Select(_ => new int[5]).ToArray();
        Parallel.ForEach(callers, runs =>
        {
            var job = new Count(runs);
            for (var i = 0; i < 2_000; i++) pool.Run(runs.Length, ref job);
        });
        Assert.All(callers.SelectMany(runs => runs), count => Assert.Equal(2_000, count));
    }

    [Fact]
    public void A_dispatch_allocates_nothing()
    {
        using var pool = new WorkerPool(2);
        var runs = new int[4];
        var job = new Count(runs);
        pool.Run(4, ref job);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++) pool.Run(4, ref job);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Disposal_ends_the_threads_parked_or_spinning_and_refuses_more_work()
    {
        for (var i = 0; i < 50; i++)
        {
            var pool = new WorkerPool(3);
            var job = new Count(new int[3]);
            if (i % 2 == 0) pool.Run(3, ref job);
            pool.Dispose();
            pool.Dispose();
            Assert.All(pool.Workers, worker => Assert.False(worker.IsAlive));
            Assert.Throws<ObjectDisposedException>(() => pool.Run(3, ref job));
        }
    }

    [Fact]
    public void Threads_below_zero_are_refused() => Assert.Throws<ArgumentOutOfRangeException>(() => new WorkerPool(-1));
}
