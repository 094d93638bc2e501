using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Ops;

namespace Homegrown.Kernels.Tests.Ops;

public sealed class AttentionTests
{
    [Theory]
    [InlineData(1, 1, 64, KvType.F16)]
    [InlineData(9, 3, 64, KvType.F16)]
    [InlineData(8, 8, 80, KvType.F32)]
    [InlineData(14, 2, 64, KvType.F32)]
    [InlineData(12, 4, 96, KvType.F16)]
    [InlineData(5, 1, 96, KvType.F16)]
    [InlineData(16, 2, 80, KvType.F16)]
    [InlineData(6, 3, 112, KvType.F16)]
    [InlineData(4, 1, 128, KvType.F32)]
    [InlineData(2, 1, 256, KvType.F16)]
    [InlineData(5, 1, 40, KvType.F32)]
    [InlineData(6, 2, 13, KvType.F16)]
    [InlineData(70, 2, 8, KvType.F32)]
    [InlineData(9, 3, 64, KvType.Q8_0)]
    [InlineData(4, 4, 80, KvType.Q8_0)]
    [InlineData(130, 1, 13, KvType.Q8_0)]
    [InlineData(9, 3, 64, KvType.Q4_0)]
    [InlineData(5, 1, 45, KvType.Q4_0)]
    public void Several_sequences_at_different_positions_in_scattered_pages_are_attended(int heads, int kvHeads, int headDim, KvType type)
    {
        foreach (var (tier, bits) in AttentionWorld.Tiers)
        {
            using var step = new AttentionWorld(new(heads, kvHeads, headDim), type, tier, threads: 3, vectorBits: bits);
            step.Run((0, 20), (1, 1), (2, 50));
            step.Run((1, 5), (0, 1), (2, 1));
            step.Run((2, 210), (0, 2));
            step.Run((0, 1), (1, 1), (2, 1));
            step.Run((2, 1));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    [InlineData(300)]
    public void A_window_hides_what_lies_before_it(int window)
    {
        foreach (var (tier, bits) in AttentionWorld.Tiers)
        {
            using var step = new AttentionWorld(new(6, 2, 32), KvType.F32, tier, threads: 2, new() { Window = window }, vectorBits: bits);
            step.Run((0, 280), (1, 3));
            step.Run((0, 1), (1, 90));
            step.Run((0, 3));
        }
    }

    [Theory]
    [InlineData(9, 3, 64, KvType.F16)]
    [InlineData(14, 2, 64, KvType.F16)]
    [InlineData(4, 4, 40, KvType.F32)]
    [InlineData(6, 2, 80, KvType.Q8_0)]
    public void Steps_batches_and_threads_give_the_same_bits(int heads, int kvHeads, int headDim, KvType type)
    {
        var shape = new AttentionShape(heads, kvHeads, headDim);
        using var whole = new AttentionWorld(shape, type, Tier.Portable, threads: 1);
        using var steps = new AttentionWorld(shape, type, Tier.Portable, threads: 4);
        whole.Run((0, 280), (1, 20));
        foreach (var tokens in (int[])[1, 1, 100, 49, 100, 3, 1, 1, 1, 1, 1, 1, 20]) steps.Run((0, tokens));
        steps.Run((1, 20));
        Assert.Equal(whole.Results(0), steps.Results(0));
        Assert.Equal(whole.Results(1), steps.Results(1));
    }

    [Fact]
    public void Sequences_share_the_pages_of_a_common_prefix()
    {
        using var step = new AttentionWorld(new(4, 2, 16), KvType.F16, Tier.Portable, threads: 2);
        step.Run((0, 140));
        step.Fork(from: 0, to: 1, sharedPages: 2);
        step.Run((0, 1), (1, 9));
    }

    [Fact]
    public void Scores_far_apart_stay_finite()
    {
        using var step = new AttentionWorld(new(2, 1, 16), KvType.F32, Tier.Portable, threads: 1, magnitude: 300);
        step.Run((0, 80));
        step.Run((0, 1));
    }

    [Theory]
    [InlineData(KvType.F32)]
    [InlineData(KvType.F16)]
    [InlineData(KvType.Q8_0)]
    [InlineData(KvType.Q4_0)]
    public void Only_the_places_of_the_new_tokens_are_written(KvType type)
    {
        using var compute = new Compute();
        using var pages = new KvPages(4, 2, 3, type);
        var rows = new RaggedRows();
        rows.Add(3, 63, [2, 1]);
        var (q, kv) = (Filled(compute, 3, 12, 1), Filled(compute, 3, 6, 1));
        Attention.Forward(q, kv, kv, pages, rows, new(4, 2, 3));
        foreach (var page in (int[])[0, 1, 2, 3])
            foreach (var head in (int[])[0, 1])
                for (var place = 0; place < KvPages.PageSize; place++)
                    for (var d = 0; d < 3; d++)
                    {
                        var expected = (page, place) is (2, 63) or (1, 0) or (1, 1) ? 1f : 0f;
                        Assert.Equal(expected, pages.Key(page, head, place, d), 1e-3);
                        Assert.Equal(expected, pages.Value(page, head, place, d), 1e-3);
                    }
    }

    [Fact]
    public void What_does_not_fit_is_refused_with_both_sizes()
    {
        using var compute = new Compute();
        using var pages = new KvPages(4, 2, 16, KvType.F16);
        var (q, kv) = (Filled(compute, 65, 64, 0), Filled(compute, 65, 32, 0));

        Assert.Contains("owns 1 pages for 65 positions", Refuses([0], new(4, 2, 16)));
        Assert.Contains("Page 4 of 4", Refuses([0, 4], new(4, 2, 16)));
        Assert.Contains("Page -1 of 4", Refuses([0, -1], new(4, 2, 16)));
        Assert.Contains("pages of 2 heads of 16 and 16", Refuses([0, 1], new(4, 2, 32)));
        Assert.Contains("pages of 2 heads of 16 and 16", Refuses([0, 1], new(3, 2, 16)));
        Assert.Contains("q is [65, 64], not [65, 6 * 16]", Refuses([0, 1], new(6, 2, 16)));
        Assert.Contains("window", Refuses([0, 1], new(4, 2, 16), new() { Window = 0 }), StringComparison.OrdinalIgnoreCase);
        Assert.Contains("3 sinks for 4 heads", Refuses([0, 1], new(4, 2, 16), new() { Sinks = new float[3] }));
        Assert.Contains("3 slopes for 4 heads", Refuses([0, 1], new(4, 2, 16), new() { Slopes = new float[3] }));
        Assert.Contains("no odd number for each of 4 heads", Refuses([0, 1], new(4, 2, 16), new() { Distances = new float[8] }));
        Assert.Contains("capped", Refuses([0, 1], new(4, 2, 16), new() { SoftCap = 0 }));

        string Refuses(int[] table, AttentionShape shape, AttentionOptions? options = null)
        {
            var rows = new RaggedRows();
            rows.Add(65, 0, table);
            return Assert.ThrowsAny<ArgumentException>(() => Attention.Forward(q, kv, kv, pages, rows, shape, options)).Message;
        }
    }

    static Tensor Filled(Compute compute, int rows, int columns, float value)
    {
        var tensor = compute.Rent(rows, columns);
        for (var row = 0; row < rows; row++) tensor.Row(row).Fill(value);
        return tensor;
    }
}
