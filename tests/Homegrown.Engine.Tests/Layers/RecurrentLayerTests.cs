using Homegrown.Engine.Cache;
using Homegrown.Engine.Layers;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Memory;

namespace Homegrown.Engine.Tests.Layers;

/// <summary>What layers add to the recurrences that they run: normalised keys, scales, the order of a file's weights.</summary>
public sealed class RecurrentLayerTests : IDisposable
{
    readonly Compute compute = new(new() { Threads = 1 });
    readonly KvShape shape = new();

    public void Dispose() => compute.Dispose();

    [Fact]
    public void A_convolution_takes_weights_channel_by_channel_as_files_have_them()
    {
        // Channel 0 repeats its own input, channel 1 the one before.
        var layer = new ShortConvolution([0, 1, 1, 0], [], channels: 2, silu: false, shape);
        var x = Rent(2, 3, (row, column) => (10 * row) + column + 1);
        var y = Run(3, batch => layer.Forward(x, batch));
        Assert.Equal([1f, 0f, 11f, 2f, 21f, 12f], y);
    }

    [Fact]
    public void A_delta_net_writes_what_it_is_asked_for_by_a_key_of_any_length()
    {
        // One head, no fading: what was written under a key is read by it, by 1 / sqrt(keyDim), and written again changes nothing.
        var layer = new DeltaNet(new(1, 1, 4, 2), [0], shape);
        var q = Rent(4, 2, (_, column) => column == 2 ? 7 : 0);
        var k = Rent(4, 2, (row, column) => column == 2 ? 1 + row : 0);
        var v = Rent(2, 2, (_, column) => column + 1);
        var ones = Rent(1, 2, (_, _) => 1);
        var y = Run(2, batch => layer.Forward(q, k, v, ones, ones, batch));
        Assert.Equal([0.5, 1, 0.5, 1], y.Select(value => Math.Round(value, 4)));
    }

    [Fact]
    public void Lightning_attention_fades_by_its_slope()
    {
        var layer = new LightningAttention(new(1, 1, 1, 1), [MathF.Log(2)], scale: 1, shape);
        var ones = Rent(1, 3, (_, _) => 1);
        Assert.Equal([1, 1.5, 1.75], Run(3, batch => layer.Forward(ones, ones, ones, batch)).Select(value => Math.Round(value, 5)));
    }

    [Fact]
    public void MiniMax_slopes_halve_from_head_to_head_and_fade_to_nothing_in_the_last_layer()
    {
        Assert.Equal(0.5, LightningAttention.MiniMaxSlopes(8, 0, 80)[0], 1e-4);
        Assert.Equal(1 / 256.0, LightningAttention.MiniMaxSlopes(8, 0, 80)[7], 1e-6);
        Assert.InRange(LightningAttention.MiniMaxSlopes(8, 79, 80)[0], 0, 1e-5);
    }

    [Fact]
    public void Mamba_enters_by_softplus_of_its_step_and_skips_by_D()
    {
        // softplus(0) = ln 2: half of what is there stays where the rate is -1.
        var layer = new Mamba2(1, 1, 1, 1, rates: [-1], skip: [10], stepBias: [1], (0, float.PositiveInfinity), shape);
        var (ones, dt) = (Rent(1, 2, (_, _) => 1), Rent(1, 2, (_, _) => -1));
        var y = Run(2, batch => layer.Forward(ones, ones, ones, dt, batch));
        Assert.Equal([Math.Round(10 + Math.Log(2), 4), Math.Round(10 + (1.5 * Math.Log(2)), 4)], y.Select(value => Math.Round(value, 4)));
    }

    Tensor Rent(int columns, int rows, Func<int, int, float> value)
    {
        var x = compute.Rent(rows, columns);
        for (var row = 0; row < rows; row++)
            for (var column = 0; column < columns; column++) x.Row(row)[column] = value(row, column);
        return x;
    }

    /// <summary>The first step of a sequence, whose inputs are rented already.</summary>
    float[] Run(int tokens, Func<Batch, Tensor> forward)
    {
        using var cache = new KvCache(shape, 64, KvType.F32);
        var (batch, lease) = (new Batch(compute, cache), new KvLease());
        Assert.True(cache.TryReserve(lease, tokens));
        batch.Add(new int[tokens], 0, lease, LogitsOf.None);
        var y = forward(batch);
        return [.. Enumerable.Range(0, y.Rows).SelectMany(row => y.Row(row).ToArray())];
    }
}
