using Homegrown.Kernels.Memory;

namespace Homegrown.Kernels.Tests.Memory;

public sealed unsafe class ArenaTests
{
    [Fact]
    public void What_was_given_out_stays_while_the_arena_grows()
    {
        using var arena = new Arena();
        var first = arena.Floats(100);
        first[99] = 7;
        for (var i = 0; i < 20; i++) arena.Floats(1 << 18)[0] = 1;
        Assert.Equal(7, first[99]);
        Assert.True(arena.Bytes >= 20 << 20);
    }

    [Fact]
    public void Pieces_are_aligned_and_apart()
    {
        using var arena = new Arena();
        var end = arena.Take(0);
        foreach (var bytes in new[] { 1, 63, 64, 65, 1000, 3 << 20, 1 })
        {
            var piece = arena.Take(bytes);
            Assert.Equal(0, (long)piece % 64);
            Assert.False(piece < end && end < piece + bytes);
            end = piece + bytes;
        }
    }

    [Fact]
    public void After_a_reset_the_same_step_fits_one_chunk_and_takes_nothing_new()
    {
        using var arena = new Arena();
        for (var step = 0; step < 3; step++)
        {
            var before = arena.Bytes;
            for (var i = 0; i < 10; i++) arena.Take(700_000);
            if (step > 0) Assert.Equal(before, arena.Bytes);
            arena.Reset();
        }

        Assert.InRange(arena.Bytes, 7_000_000, 7_100_000);
    }

    [Fact]
    public void A_scope_gives_back_what_was_rented_inside_and_no_more()
    {
        using var compute = new Compute(new() { Threads = 1 });
        var outer = compute.Rent(4, 1000);
        outer.Row(3).Fill(5);
        float* inner;
        using (compute.Scope())
        {
            inner = compute.Rent(1, 10).Data;
            for (var i = 0; i < 5; i++) compute.Rent(1000, 1000).Row(0).Fill(1);
        }

        Assert.Equal((nint)inner, (nint)compute.Rent(1, 10).Data);
        Assert.All(outer.Row(3).ToArray(), value => Assert.Equal(5, value));
    }

    [Fact]
    public void More_than_memory_is_refused_before_it_is_taken()
    {
        using var arena = new Arena();
        Assert.Throws<OverflowException>(() => arena.Floats(long.MaxValue / 2));
        Assert.Throws<OverflowException>(() => arena.Take(long.MaxValue));
        Assert.Equal(0, arena.Bytes);
    }
}
