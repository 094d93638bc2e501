using Homegrown.Engine.Embeddings;
using Homegrown.Kernels;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Tests.Embeddings;

/// <summary>Two texts: states 1, 2, 6 and then 5, as one number each.</summary>
public sealed class PoolingTests : IDisposable
{
    readonly Compute compute = new(new() { Threads = 1 });
    readonly RaggedRows rows = new();

    public PoolingTests()
    {
        rows.Add(3, 0, [0]);
        rows.Add(1, 0, [1]);
    }

    public void Dispose() => compute.Dispose();

    [Theory]
    [InlineData((int)PoolingModes.Cls, 1)]
    [InlineData((int)PoolingModes.Max, 6)]
    [InlineData((int)PoolingModes.Mean, 3)]
    [InlineData((int)PoolingModes.MeanSqrtLength, 5.1961524)]    // 9 / sqrt(3)
    [InlineData((int)PoolingModes.WeightedMean, 3.8333333)]      // (1 + 4 + 18) / 6
    [InlineData((int)PoolingModes.Last, 6)]
    public void Each_mode_makes_a_vector_of_a_text(int mode, double expected)
        => Assert.Equal([(float)expected, 5], Pool(new((PoolingModes)mode), 0), Near);

    [Fact]
    public void Several_modes_stand_side_by_side() => Assert.Equal([1, 6, 3, 5, 5, 5], Pool(new(PoolingModes.Mean | PoolingModes.Max | PoolingModes.Cls), 0), Near);

    [Fact]
    public void A_prompt_may_be_left_out_of_means() => Assert.Equal([4, 5], Pool(new(PoolingModes.Mean, WithPrompt: false), 1), Near);

    [Fact]
    public void A_prompt_counts_as_text_otherwise() => Assert.Equal([3, 5], Pool(new(PoolingModes.Mean), 1), Near);

    static bool Near(float a, float b) => Math.Abs(a - b) < 1e-6f;

    float[] Pool(Pooling pooling, int prompt)
    {
        compute.Reset();
        var states = compute.Rent(4, 1);
        foreach (var (row, value) in new float[] { 1, 2, 6, 5 }.Index()) states.Row(row)[0] = value;
        var y = pooling.Forward(states, rows, prompt);
        return [.. y.Row(0), .. y.Row(1)];
    }
}
