using Homegrown.Engine.Cache;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Memory;

namespace Homegrown.Engine.Tests.Scheduling;

public sealed class EngineLoopTests : IDisposable
{
    readonly Compute compute = new(new() { Threads = 1 });
    readonly KvCache cache = new(new KvShape(1, 1, 8), 2048, KvType.F32);

    public void Dispose()
    {
        cache.Dispose();
        compute.Dispose();
    }

    [Fact]
    public async Task A_sequence_goes_on_from_its_prompt_until_its_sink_has_enough()
    {
        using var engine = new EngineLoop(new CountingDecoder(), compute, cache);
        var sink = new CollectingSink(5);
        engine.Add(new Sequence([1, 2, 3], 100, sink));
        Assert.Null(await sink.Done);
        Assert.Equal([4, 5, 6, 7, 8], sink.Generated);
        engine.Exclusively(() => Assert.Equal(cache.Pages, cache.FreePages));
    }

    [Fact]
    public async Task A_sequence_ends_at_its_limit()
    {
        using var engine = new EngineLoop(new CountingDecoder(), compute, cache);
        var sink = new CollectingSink(1000);
        engine.Add(new Sequence([0], 11, sink));
        Assert.Null(await sink.Done);
        Assert.Equal(10, sink.Generated.Count);
    }

    [Fact]
    public async Task A_long_prompt_runs_in_chunks_and_samples_once()
    {
        var model = new CountingDecoder();
        using var engine = new EngineLoop(model, compute, cache);
        var sink = new CollectingSink(2);
        engine.Add(new Sequence(new int[1200], 2000, sink));
        await sink.Done;
        Assert.Equal([512, 512, 176, 1], model.Steps);
        Assert.Equal([512, 1024, 1200], sink.PromptReads);
    }

    [Fact]
    public async Task Sequences_run_in_the_order_of_arrival()
    {
        using var engine = new EngineLoop(new CountingDecoder(), compute, cache);
        var sinks = Enumerable.Range(0, 8).Select(_ => new CollectingSink(20)).ToArray();
        var order = new List<int>();
        for (var i = 0; i < sinks.Length; i++)
        {
            var number = i;
            _ = sinks[i].Done.ContinueWith(_ => { lock (order) order.Add(number); }, TaskContinuationOptions.ExecuteSynchronously);
            engine.Add(new Sequence([number], 100, sinks[i]));
        }

        foreach (var sink in sinks) Assert.Null(await sink.Done);
        Assert.All(sinks, (sink, number) => Assert.Equal(Enumerable.Range(number + 1, 20).Select(token => token % 16), sink.Generated));
    }

    [Fact]
    public async Task A_cancelled_sequence_ends_before_its_next_step_and_the_next_one_runs()
    {
        CollectingSink first = new(int.MaxValue), second = new(3);
        using var engine = new EngineLoop(new CountingDecoder { BeforeStep = () => first.Cancelled = first.Generated.Count >= 7 }, compute, cache);
        engine.Add(new Sequence([1], 2000, first));
        engine.Add(new Sequence([2], 2000, second));
        Assert.Null(await first.Done);
        Assert.Null(await second.Done);
        Assert.Equal(8, first.Generated.Count);
        Assert.Equal([3, 4, 5], second.Generated);
    }

    [Fact]
    public async Task An_error_ends_its_sequence_and_not_the_engine()
    {
        using var engine = new EngineLoop(new CountingDecoder { Poison = 9 }, compute, cache);
        CollectingSink bad = new(100), good = new(3);
        engine.Add(new Sequence([7], 100, bad));
        engine.Add(new Sequence([1], 100, good));
        Assert.Equal("poison", Assert.IsType<InvalidOperationException>(await bad.Done).Message);
        Assert.Null(await good.Done);
        engine.Exclusively(() => Assert.Equal(cache.Pages, cache.FreePages));
    }

    [Fact]
    public async Task Stopping_the_engine_ends_what_still_runs()
    {
        using var started = new ManualResetEventSlim();
        var engine = new EngineLoop(new CountingDecoder { BeforeStep = started.Set }, compute, cache);
        var sink = new CollectingSink(int.MaxValue);
        engine.Add(new Sequence([1], int.MaxValue, sink));
        started.Wait(TestContext.Current.CancellationToken);
        engine.Dispose();
        Assert.NotNull(await sink.Done);
        Assert.Throws<ObjectDisposedException>(() => engine.Add(new Sequence([1], 10, sink)));
    }
}
