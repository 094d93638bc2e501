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
        var planner = new Planner(cache, new() { Chunk = 40 });
        foreach (var (count, samples) in ((int, bool)[])[(32, false), (32, false), (36, true)])
        {
            planner.Plan([sequence], plan);
            Assert.Equal([(count, samples)], plan.Select(run => (run.Count, run.Samples)));
            sequence.Cached += count;
        }

        Assert.Equal(KvCache.PagesFor(100), sequence.Lease.Pages.Count);
    }

    [Fact]
    public void Without_room_for_others_the_first_in_line_goes_first()
    {
        Sequence first = New(3), second = New(5);
        new Planner(cache).Plan([first, second], plan);
        Assert.Equal([first], plan.Select(run => run.Sequence));
    }

    [Fact]
    public void Who_generates_gets_a_token_in_every_step_and_prompts_what_is_left()
    {
        Sequence first = New(30), second = New(100), third = New(20), fourth = New(1);
        var planner = new Planner(cache, new() { Sequences = 3, Chunk = 80, MixedChunk = 16 });
        Assert.Equal([(first, 30), (second, 48)], Step(planner, first, second, third, fourth));
        first.Tokens.Add(7);
        Assert.Equal([(first, 1), (second, 16)], Step(planner, first, second, third, fourth));
        first.Tokens.Add(7);
        for (var step = 0; step < 3; step++) first.Tokens.AddRange(Step(planner, first, second, third, fourth).Take(1).Select(_ => 7));
        Assert.Equal(100, second.Cached);
        second.Tokens.Add(8);
        Assert.Equal([(first, 1), (second, 1), (third, 16)], Step(planner, first, second, third, fourth));
        Assert.False(fourth.Running);
    }

    [Fact]
    public void Prompts_begin_as_long_as_they_fit_whole_and_nobody_overtakes()
    {
        Sequence first = New(150), second = New(150), third = New(2);
        Assert.Equal([(first, 150)], Step(new Planner(cache, new() { Sequences = 4 }), first, second, third));
        Assert.Equal([false, false], [second.Running, third.Running]);
    }

    [Fact]
    public void Where_pages_run_out_the_last_gives_way_and_is_read_again()
    {
        Sequence first = New(128), second = New(128);
        var planner = new Planner(cache, new() { Sequences = 2 });
        Assert.Equal([(first, 128), (second, 128)], Step(planner, first, second));
        first.Tokens.Add(1);
        second.Tokens.Add(2);
        Assert.Equal([(first, 1)], Step(planner, first, second));
        Assert.Equal((false, 0), (second.Running, second.Cached));
        cache.Release(first.Lease);
        first.Running = false;
        Assert.Equal([(second, 64)], Step(planner, second));                // one page was needed, the other is still there
        Assert.Equal([(second, 1)], Step(planner, second));                 // what it had generated
    }

    [Fact]
    public void A_sequence_that_outgrows_the_cache_alone_is_an_error()
    {
        var sequence = New(256);
        var planner = new Planner(cache);
        Step(planner, sequence);
        sequence.Tokens.Add(1);
        Assert.Contains("too few for 257", Assert.Throws<InvalidOperationException>(() => planner.Plan([sequence], plan)).Message);
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

    (Sequence, int)[] Step(Planner planner, params Sequence[] sequences)
    {
        planner.Plan(sequences, plan);
        foreach (var run in plan) run.Sequence.Cached += run.Count;
        return [.. plan.Select(run => (run.Sequence, run.Count))];
    }

    static Sequence New(int length) => new(new int[length], 1000, new CollectingSink(1));
}
