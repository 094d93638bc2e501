using Homegrown.Engine.Cache;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Tests.Scheduling;

public sealed class BatchTests
{
    [Fact]
    public void A_token_sees_the_window_before_it_and_without_one_everything()
    {
        // Equal scores, so that a row is the mean of the values that it sees: position p has the value p.
        using var compute = new Compute(new() { Threads = 1 });
        using var cache = new KvCache(new KvShape(1, 1, 8), 64, KvType.F32);
        var lease = new KvLease();
        Assert.True(cache.TryReserve(lease, 6));
        Assert.Equal([0f, 0.5f, 1.5f, 2.5f, 3.5f, 4.5f], Attend(window: 2));
        Assert.Equal([0f, 1f, 2f, 3f, 4f, 5f], Attend(window: 1));
        Assert.Equal([0f, 0.5f, 1f, 1.5f, 2f, 2.5f], Attend(window: null));

        float[] Attend(int? window)
        {
            var batch = new Batch(compute, cache);
            batch.Clear();
            batch.Add(new int[6], 0, lease, LogitsOf.None);
            var (q, k, v) = (compute.Rent(6, 8), compute.Rent(6, 8), compute.Rent(6, 8));
            for (var row = 0; row < 6; row++)
            {
                q.Row(row).Clear();
                k.Row(row).Clear();
                v.Row(row).Fill(row);
            }
            var y = batch.Attend(0, q, k, v, new AttentionShape(1, 1, 8), new() { Window = window });
            return [.. Enumerable.Range(0, 6).Select(row => MathF.Round(y.Row(row)[0], 4))];
        }
    }
}
