using Homegrown.Engine.Cache;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels.Memory;

namespace Homegrown.Engine.Tests.Scheduling;

public sealed class PlannerTests : IDisposable
{
    readonly KvCache cache = new(new KvShape(1, 1, 8), 256, KvType.F32);
    readonly List<PlannedRun> plan = [];

    public void Dispose() => cache.Dispose();

    [Fact]
    public void Nothing_waiting_plans_nothing()
    {
        new Planner(cache).Plan([], plan);
        Assert.Empty(plan);
    }

    [Fact]
    public void A_prompt_is_cut_into_chunks_and_only_the_last_samples()
    {
        var sequence = New(100);
        var planner = new Planner(cache, chunk: 40);
        foreach (var (count, samples) in ((int, bool)[])[(40, false), (40, false), (20, true)])
        {
            planner.Plan([sequence], plan);
            Assert.Equal([(count, samples)], plan.Select(run => (run.Count, run.Samples)));
            sequence.Cached += count;
        }

        Assert.Equal(KvCache.PagesFor(100), sequence.Lease.Pages.Count);
    }

    [Fact]
    public void The_first_in_line_goes_first()
    {
        Sequence first = New(3), second = New(5);
        new Planner(cache).Plan([first, second], plan);
        Assert.Equal([first], plan.Select(run => run.Sequence));
    }

    [Fact]
    public void Pages_are_taken_as_positions_need_them_and_given_back()
    {
        var lease = new KvLease();
        Assert.True(cache.TryReserve(lease, 1));
        Assert.Single(lease.Pages);
        Assert.True(cache.TryReserve(lease, KvCache.PageSize));
        Assert.Single(lease.Pages);
        Assert.True(cache.TryReserve(lease, 256));
        Assert.Equal(4, lease.Pages.Distinct().Count());
        Assert.False(cache.TryReserve(new(), 1));
        cache.Release(lease);
        Assert.Equal(4, cache.FreePages);
    }

    static Sequence New(int length) => new(new int[length], 1000, new CollectingSink(1));
}
