using Homegrown.Engine.Cache;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Tests.Cache;

public sealed class KvCacheTests
{
    [Fact]
    public void Bytes_are_those_of_every_entry_and_of_the_states()
    {
        var shape = new KvShape();
        Assert.Equal(0, shape.Add(new KvEntry(2, 64, 32)));
        Assert.Equal(1, shape.Add(KvEntry.Latent(576, 512)));
        Assert.Equal(2, shape.Add(new KvEntry(1, 128, 0)));
        Assert.Equal(0, shape.AddState(100));
        Assert.Equal(1, shape.AddState(28));
        Assert.Equal(2 * ((2 * (64 + 32)) + 576 + 128), shape.BytesPerPosition(KvType.F16));
        Assert.Equal(128 * 4, shape.BytesPerSequence);
        Assert.Equal(10, shape.PositionsIn((10 * shape.BytesPerPosition(KvType.F16)) + (3 * 128 * 4), KvType.F16, sequences: 3));
    }

    [Fact]
    public void Windows_have_pages_of_their_own_one_at_least()
    {
        var shape = new KvShape(1, 1, 8);
        Assert.Equal(0, shape.AddWindow(4));
        Assert.Equal(1, shape.AddWindow(128));
        Assert.Equal(0, shape.AddWindow(4));
        var bytes = 2 * 2 * 32;                                              // a key and a value in halves, in whole squares
        Assert.Equal(bytes + (bytes / 4) + (bytes / 128), shape.BytesPerPosition(KvType.F16));
        using var cache = new KvCache(shape, 1024, KvType.F32);
        var lease = new KvLease();
        Assert.True(cache.TryReserve(lease, 255));
        Assert.Equal([4, 1, 1], [lease.Pages.Count, lease.WindowPages[0].Count, lease.WindowPages[1].Count]);
        Assert.True(cache.TryReserve(lease, 1024));
        Assert.Equal([16, 4, 1], [lease.Pages.Count, lease.WindowPages[0].Count, lease.WindowPages[1].Count]);
        Assert.Equal(21, lease.Pages.Concat(lease.WindowPages.SelectMany(pages => pages)).Distinct().Count());
        cache.Release(lease);
        Assert.Equal(cache.Pages, cache.FreePages);
    }

    [Fact]
    public void A_slot_is_taken_with_the_first_page_and_given_back_with_the_last()
    {
        var shape = new KvShape(1, 1, 8);
        shape.AddState(4);
        using var cache = new KvCache(shape, 1024, KvType.F32, sequences: 2);
        KvLease first = new(), second = new(), third = new();
        Assert.True(cache.TryReserve(first, 1));
        Assert.True(cache.TryReserve(first, 70));
        Assert.True(cache.TryReserve(second, 1));
        Assert.NotEqual(first.Slot, second.Slot);
        Assert.False(cache.TryReserve(third, 1));
        Assert.Empty(third.Pages);
        cache.Release(first);
        Assert.Equal((-1, 1), (first.Slot, cache.FreeSlots));
        Assert.True(cache.TryReserve(third, 1));
    }

    [Fact]
    public void A_sequence_begins_with_states_of_zero_whoever_had_its_slot()
    {
        using var world = new StateWorld();
        var fresh = world.Run(1f, 2f);
        world.Restart();
        Assert.Equal(fresh, world.Run(1f, 2f));
    }

    [Fact]
    public void A_snapshot_undoes_guessed_tokens()
    {
        using var world = new StateWorld();
        world.Run(1f, 2f);
        using var snapshot = world.Cache.NewSnapshot();
        world.Cache.Save(world.Lease, snapshot);
        var right = world.Run(3f);
        world.Cache.Restore(world.Lease, snapshot);
        world.Run(7f, 9f);
        world.Cache.Restore(world.Lease, snapshot);
        Assert.Equal(right, world.Run(3f));
    }

    [Fact]
    public void A_layer_attends_to_what_another_kept()
    {
        var shape = new KvShape();
        var lent = shape.Add(new KvEntry(1, 8, 8));
        using var compute = new Compute(new() { Threads = 1 });
        using var cache = new KvCache(shape, 64, KvType.F32);
        var (batch, lease) = (new Batch(compute, cache), new KvLease());
        Assert.True(cache.TryReserve(lease, 3));
        batch.Clear();
        batch.Add([1, 2, 3], 0, lease, LogitsOf.None);
        Tensor q = Filled(compute, 3, 8, 1), k = Filled(compute, 3, 8, 0.5f), v = Filled(compute, 3, 8, 2);
        var owner = batch.Attend(lent, q, k, v, new(1, 1, 8));
        Assert.Equal(owner.Row(2).ToArray(), batch.Attend(lent, q, new(1, 1, 8)).Row(2).ToArray());
    }

    [Fact]
    public void A_text_that_sees_both_sides_sees_itself_whole_and_no_other()
    {
        // Equal scores, so that a row is the mean of the values of its text.
        using var compute = new Compute(new() { Threads = 1 });
        using var cache = new KvCache(new KvShape(1, 1, 8), 256, KvType.F32);
        var batch = new Batch(compute, cache);
        batch.Clear();
        foreach (var length in (int[])[2, 70])
        {
            var lease = new KvLease();
            Assert.True(cache.TryReserve(lease, length));
            batch.Add(new int[length], 0, lease, LogitsOf.None);
        }

        var (q, v) = (Filled(compute, 72, 8, 0), Filled(compute, 72, 8, 3));
        foreach (var row in (int[])[0, 1]) v.Row(row).Fill(row);
        var y = batch.Attend(0, q, q, v, new(1, 1, 8), new() { BothSides = true });
        Assert.Equal([0.5f, 0.5f, 3f, 3f], [y.Row(0)[0], y.Row(1)[7], y.Row(2)[0], y.Row(71)[0]]);
    }

    static Tensor Filled(Compute compute, int rows, int columns, float value)
    {
        var tensor = compute.Rent(rows, columns);
        for (var row = 0; row < rows; row++) tensor.Row(row).Fill(value);
        return tensor;
    }

    /// <summary>A recurrent layer of one head: y = the sum of what came in, faded.</summary>
    sealed class StateWorld : IDisposable
    {
        readonly Compute compute = new(new() { Threads = 1 });
        readonly Batch batch;
        readonly int state;

        public StateWorld()
        {
            var shape = new KvShape(1, 1, 8);
            shape.AddState(3);
            state = shape.AddState(1);
            Cache = new KvCache(shape, 256, KvType.F32);
            batch = new Batch(compute, Cache);
        }

        public KvCache Cache { get; }

        public KvLease Lease { get; } = new();

        public float Run(params float[] values)
        {
            Assert.True(Cache.TryReserve(Lease, 100));
            batch.Clear();
            batch.Add(new int[values.Length], 0, Lease, LogitsOf.None);
            var (one, v) = (Filled(compute, values.Length, 1, 1), compute.Rent(values.Length, 1));
            for (var row = 0; row < values.Length; row++) v.Row(row)[0] = values[row];
            return LinearRecurrence.Forward(one, one, v, null, null, batch.State(state), batch.Rows, new(1, 1, 1, 1), new() { Rates = [-0.1f] }).Row(values.Length - 1)[0];
        }

        public void Restart() => Cache.Release(Lease);

        public void Dispose()
        {
            Cache.Dispose();
            compute.Dispose();
        }
    }
}
