using Homegrown.Kernels.Threading;

namespace Homegrown.Kernels.Tests.Threading;

public sealed class TurnsTests
{
    [Fact]
    public void Threads_that_fit_the_processors_compute_together()
    {
        var turns = new Turns(4);
        turns.Enter(2);
        turns.Enter(1);
        turns.Enter(1);     // would not return if it had to wait
        for (var i = 0; i < 3; i++) turns.Leave(i == 0 ? 2 : 1);
        turns.Enter(4);
        turns.Leave(4);
    }

    [Fact]
    public void More_threads_than_processors_take_all_of_them()
    {
        var turns = new Turns(2);
        turns.Enter(8);
        turns.Leave(8);
        turns.Enter(2);
        turns.Leave(2);
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    public void No_more_compute_at_once_than_fit(int processors, int threads)
    {
        var turns = new Turns(processors);
        int computing = 0, most = 0;
        Parallel.For(0, 6, _ =>
        {
            for (var i = 0; i < 500; i++)
            {
                turns.Enter(threads);
                var now = Interlocked.Add(ref computing, threads);
                for (var seen = most; now > seen; seen = most) Interlocked.CompareExchange(ref most, now, seen);
                Interlocked.Add(ref computing, -threads);
                turns.Leave(threads);
            }
        });
        Assert.InRange(most, threads, processors);
    }

    [Fact]
    public async Task Who_came_first_goes_first_even_if_a_later_one_would_fit()
    {
        var turns = new Turns(2);
        var order = new List<string>();
        turns.Enter(1);
        var wide = Task.Run(() => Compute("wide", 2), TestContext.Current.CancellationToken);
        while (turns.Waiting < 1) await Task.Yield();
        var narrow = Task.Run(() => Compute("narrow", 1), TestContext.Current.CancellationToken);
        while (turns.Waiting < 2) await Task.Yield();
        turns.Leave(1);
        await Task.WhenAll(wide, narrow);
        Assert.Equal(["wide", "narrow"], order);

        void Compute(string name, int threads)
        {
            turns.Enter(threads);
            lock (order) order.Add(name);
            turns.Leave(threads);
        }
    }
}
