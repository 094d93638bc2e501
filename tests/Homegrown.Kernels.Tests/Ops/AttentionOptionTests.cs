using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Ops;

namespace Homegrown.Kernels.Tests.Ops;

/// <summary>What attention does besides softmax(q·K) V, in every tier and width, over prompts, single tokens and both beside each other.</summary>
public sealed class AttentionOptionTests
{
    [Theory]
    [InlineData(4, 2, 24, 16, KvType.F32)]
    [InlineData(8, 1, 40, 64, KvType.F16)]
    [InlineData(6, 3, 96, 33, KvType.Q8_0)]
    [InlineData(3, 1, 192, 128, KvType.F16)]
    public void Keys_and_values_of_different_widths(int heads, int kvHeads, int keyDim, int valueDim, KvType type)
        => Run(new(heads, kvHeads, keyDim, valueDim), type);

    [Theory]
    [InlineData(3, 576, 512, KvType.F16)]
    [InlineData(5, 40, 32, KvType.F32)]
    [InlineData(12, 72, 64, KvType.F16)]
    [InlineData(3, 33, 33, KvType.Q8_0)]
    [InlineData(3, 48, 40, KvType.Q4_0)]
    [InlineData(1, 13, 7, KvType.F16)]
    public void Values_that_are_the_first_numbers_of_the_keys(int heads, int keyDim, int valueDim, KvType type)
        => Run(new(heads, 1, keyDim, valueDim), type, valuesInKeys: true);

    [Fact]
    public void A_scale_of_its_own() => Run(new(4, 2, 32), KvType.F32, new() { Scale = 1 });

    [Theory]
    [InlineData(1, KvType.F32)]
    [InlineData(50, KvType.F16)]
    public void Scores_below_a_cap(float cap, KvType type) => Run(new(4, 2, 32), type, new() { SoftCap = cap, Scale = 2 });

    [Theory]
    [InlineData(-3, 5)]
    [InlineData(40, -100)]      // one head that attends to nearly nothing, one that has no sink to speak of
    public void Sinks_that_take_a_share_and_give_nothing(float first, float second)
        => Run(new(2, 1, 32), KvType.F32, new() { Sinks = [first, second] });

    [Fact]
    public void Sinks_in_a_window() => Run(new(4, 2, 64), KvType.F16, new() { Sinks = [0, 1, -1, 2], Window = 20 });

    [Theory]
    [InlineData(4, 4)]
    [InlineData(6, 2)]
    public void Scores_that_fall_with_the_distance(int heads, int kvHeads)
        => Run(new(heads, kvHeads, 32), KvType.F32, new() { Slopes = AttentionOptions.AlibiSlopes(heads) });

    [Theory]
    [InlineData(true, 3)]
    [InlineData(true, 80)]
    [InlineData(false, 5)]
    [InlineData(false, 0)]
    public void Scores_with_biases_by_distance(bool bothSides, int reach)
        => Run(new(6, 2, 32), KvType.F32, new() { BothSides = bothSides, Distances = [.. Enumerable.Range(0, 6 * ((2 * reach) + 1)).Select(i => MathF.Sin(i * 1.7f))] });

    [Theory]
    [InlineData(null)]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(65)]
    public void Rows_that_see_both_sides(int? window)
        => Run(new(6, 2, 32), KvType.F32, new() { BothSides = true, Window = window });

    [Theory]
    [InlineData(2, KvType.F16, false)]
    [InlineData(2, KvType.F32, false)]
    [InlineData(2, KvType.Q8_0, false)]
    [InlineData(1, KvType.F16, true)]
    [InlineData(1, KvType.F32, true)]
    [InlineData(1, KvType.Q8_0, true)]
    [InlineData(2, KvType.Q4_0, false)]
    [InlineData(1, KvType.Q4_0, true)]
    public void Positions_chosen_for_each_row(int kvHeads, KvType type, bool valuesInKeys)
    {
        foreach (var (tier, bits) in AttentionWorld.Tiers)
        {
            foreach (var lists in (int[])[1, 2, 4])
            {
                using var step = new AttentionWorld(
                    new(4, kvHeads, 40, 33), type, tier, 3, new() { Sinks = [1, 0, 2, -1], Slopes = [0.1f, 0.2f, 0, 0.3f] }, vectorBits: bits, valuesInKeys: valuesInKeys)
                {
                    Choose = (position, list) => [.. Enumerable.Range(0, position + 1).Where(p => p == position || new Random((p * 31) + position + list).Next(3) > 0)],
                    Lists = lists,
                };
                step.Run((0, 20), (1, 1));
                step.Run((0, 300));
                step.Run((0, 1), (1, 3));
            }
        }
    }

    [Fact]
    public void Lists_that_divide_neither_heads_of_queries_nor_of_keys_are_refused()
    {
        foreach (var (heads, kvHeads, lists) in ((int, int, int)[])[(4, 2, 3), (6, 2, 3), (4, 1, 8)])
        {
            using var step = new AttentionWorld(new(heads, kvHeads, 8), KvType.F32, Tier.Portable, 1) { Choose = (_, _) => [0], Lists = lists };
            Assert.Contains($"{lists} lists for 1 rows", Assert.Throws<ArgumentException>(() => step.Run((0, 1))).Message);
        }
    }

    [Fact]
    public void Positions_that_do_not_ascend_or_lie_ahead_or_are_none_are_refused()
    {
        foreach (var (chosen, problem) in ((int[], string)[])[([0, 0], "0 after 0"), ([1], "1 after -1"), ([-1], "-1 after -1"), ([], "List 0 is empty")])
        {
            using var step = new AttentionWorld(new(2, 1, 8), KvType.F32, Tier.Portable, 1) { Choose = (_, _) => chosen };
            Assert.Contains(problem, Assert.Throws<ArgumentException>(() => step.Run((0, 1))).Message);
        }
    }

    [Fact]
    public void Steps_batches_and_threads_give_the_same_bits_with_every_option()
    {
        AttentionOptions[] all = [new() { Sinks = [1, 0, 2, -1], SoftCap = 5, Window = 100 }, new() { Slopes = AttentionOptions.AlibiSlopes(4) }];
        foreach (var options in all)
        {
            foreach (var latent in (bool[])[false, true])
            {
                var shape = new AttentionShape(4, latent ? 1 : 2, 72, 64);
                using var whole = new AttentionWorld(shape, KvType.F16, Tier.Portable, 1, options, valuesInKeys: latent);
                using var steps = new AttentionWorld(shape, KvType.F16, Tier.Portable, 4, options, valuesInKeys: latent);
                whole.Run((0, 380));
                foreach (var tokens in (int[])[1, 100, 3, 200, 1, 1, 74]) steps.Run((0, tokens));
                Assert.Equal(whole.Results(0), steps.Results(0));
            }
        }
    }

    /// <summary>Figures of the paper's code for 8 heads, and for 12: those of 8, then every second of 16.</summary>
    [Fact]
    public void Slopes_for_heads_that_are_no_power_of_two_come_from_two_bases()
    {
        float[] eight = [.. Enumerable.Range(1, 8).Select(h => MathF.Pow(2, -h))];
        Assert.Equal(eight, AttentionOptions.AlibiSlopes(8));
        Assert.Equal([.. eight, MathF.Pow(2, -0.5f), MathF.Pow(2, -1.5f), MathF.Pow(2, -2.5f), MathF.Pow(2, -3.5f)], AttentionOptions.AlibiSlopes(12));
        Assert.Equal(40, AttentionOptions.AlibiSlopes(40).Length);
        Assert.Equal([1f / 256], AttentionOptions.AlibiSlopes(1));
    }

    static void Run(AttentionShape shape, KvType type, AttentionOptions? options = null, bool valuesInKeys = false)
    {
        foreach (var (tier, bits) in AttentionWorld.Tiers)
        {
            using var step = new AttentionWorld(shape, type, tier, threads: 3, options, vectorBits: bits, valuesInKeys: valuesInKeys);
            step.Run((0, 20), (1, 1), (2, 50));
            step.Run((1, 5), (0, 1), (2, 1));
            step.Run((2, 210), (0, 2));
            step.Run((0, 1), (1, 1), (2, 1));
        }
    }
}
