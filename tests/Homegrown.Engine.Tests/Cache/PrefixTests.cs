using Homegrown.Engine.Cache;
using Homegrown.Kernels.Memory;

namespace Homegrown.Engine.Tests.Cache;

/// <summary>What a cache keeps of one sequence for the next: which tokens, whose pages, and when they go.</summary>
public sealed class PrefixTests : IDisposable
{
    readonly KvCache cache = new(new KvShape(1, 1, 8), 1024, KvType.F32);

    public void Dispose() => cache.Dispose();

    [Theory]
    [InlineData(200, 200, 199)]     // all but the token whose logits are wanted
    [InlineData(200, 130, 129)]
    [InlineData(200, 128, 127)]
    [InlineData(128, 300, 128)]
    [InlineData(100, 300, 100)]
    [InlineData(30, 300, 30)]
    [InlineData(64, 1, 0)]
    public void As_many_tokens_as_are_the_same_are_reused(int kept, int wanted, int reused)
    {
        Read(Text(kept));
        Assert.Equal(reused, cache.Reuse(new(), Text(wanted)));
    }

    [Fact]
    public void Texts_that_part_in_a_page_share_what_comes_before()
    {
        Read(Text(200));
        Read([.. Text(150), .. Text(100, seed: 1)]);
        Assert.Equal(170, cache.Reuse(new(), [.. Text(170), 999, 999]));
        Assert.Equal(240, cache.Reuse(new(), [.. Text(150), .. Text(90, seed: 1), 999]));
        Assert.Equal(0, cache.Reuse(new(), [5, .. Text(100)]));
    }

    [Fact]
    public void Texts_of_another_variant_share_nothing()
    {
        Read(Text(100));
        Assert.Equal(0, cache.Reuse(new(), Text(100), variant: 1));
    }

    [Fact]
    public void Whole_pages_are_shared_and_the_last_one_is_a_copy()
    {
        var first = Read(Text(100), release: false);
        var second = new KvLease();
        Assert.Equal(100, cache.Reuse(second, Text(101)));
        Assert.Equal(first.Pages[0], second.Pages[0]);
        Assert.NotEqual(first.Pages[1], second.Pages[1]);
        cache.Release(first);
        cache.Release(second);
        Assert.Equal(cache.Pages, cache.FreePages);
    }

    [Fact]
    public void Two_who_read_the_same_end_with_the_same_pages()
    {
        var (first, second) = (Read(Text(128), release: false), new KvLease());
        Assert.True(cache.TryReserve(second, 128));
        cache.Keep(second, Text(128));
        Assert.Equal(first.Pages, second.Pages);
        Assert.Equal(cache.Pages - 2, cache.FreePages);
    }

    [Fact]
    public void Pages_go_when_others_need_them_the_longest_unused_first_and_ends_before_beginnings()
    {
        Read(Text(256));
        Read(Text(256, seed: 1));
        Assert.Equal(255, cache.Reuse(new(), Text(256)));                   // its lease holds the first text
        var other = new KvLease();
        Assert.True(cache.TryReserve(other, 64 * 10));                       // of 16 pages 8 are kept and one is a copy: 3 of the second text go
        Assert.Equal(64, cache.Reuse(new(), Text(256, seed: 1)));
    }

    [Fact]
    public void Windows_that_ended_come_along_and_the_page_of_the_next_is_a_copy()
    {
        var shape = new KvShape(1, 1, 8);
        shape.AddWindow(4);
        using var windows = new KvCache(shape, 2048, KvType.F32);
        var first = new KvLease();
        Assert.True(windows.TryReserve(first, 600));
        windows.Keep(first, Text(600), end: true);
        var second = new KvLease();
        Assert.Equal(512, windows.Reuse(second, [.. Text(512), 999]));       // 128 windows, two whole pages
        Assert.Equal(first.WindowPages[0][..2], second.WindowPages[0]);
        var third = new KvLease();
        Assert.Equal(330, windows.Reuse(third, [.. Text(330), 999]));        // 82 windows
        Assert.Equal(2, third.WindowPages[0].Count);
        Assert.Equal(first.WindowPages[0][0], third.WindowPages[0][0]);
        Assert.NotEqual(first.WindowPages[0][1], third.WindowPages[0][1]);
        foreach (var lease in (KvLease[])[first, second, third]) windows.Release(lease);
        windows.Forget();
        Assert.Equal(windows.Pages, windows.FreePages);
    }

    [Fact]
    public void Where_there_are_states_a_sequence_goes_on_from_where_they_were_saved()
    {
        var shape = new KvShape(1, 1, 8);
        shape.AddState(16);
        using var states = new KvCache(shape, 1024, KvType.F32, sequences: 4);
        var first = new KvLease();
        Assert.True(states.TryReserve(first, 200));
        states.Keep(first, Text(128));                                      // here,
        states.Keep(first, Text(200), end: true);                           // and here
        Assert.Equal(200, states.Reuse(new(), Text(300)));
        Assert.Equal(128, states.Reuse(new(), Text(200)));
        Assert.Equal(0, states.Reuse(new(), Text(128)));
    }

    [Fact]
    public void States_take_no_more_than_their_share()
    {
        var shape = new KvShape(1, 1, 8);
        shape.AddState(16);
        using var states = new KvCache(shape, 4096, KvType.F32);
        for (var seed = 0; seed < KvCache.SnapshotsPerSequence + 2; seed++)
        {
            var lease = new KvLease();
            Assert.True(states.TryReserve(lease, 64));
            states.Keep(lease, Text(64, seed), end: true);
            states.Release(lease);
        }

        var kept = Enumerable.Range(0, KvCache.SnapshotsPerSequence + 2).Select(seed =>
        {
            var lease = new KvLease();
            var reused = states.Reuse(lease, Text(65, seed));
            states.Release(lease);
            return reused;
        });
        Assert.Equal([0, 0, .. Enumerable.Repeat(64, KvCache.SnapshotsPerSequence)], kept);
    }

    KvLease Read(int[] tokens, bool release = true)
    {
        var lease = new KvLease();
        Assert.True(cache.TryReserve(lease, tokens.Length));
        cache.Keep(lease, tokens, end: true);
        if (release) cache.Release(lease);
        return lease;
    }

    static int[] Text(int length, int seed = 0)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, length).Select(_ => random.Next(500))];
    }
}
