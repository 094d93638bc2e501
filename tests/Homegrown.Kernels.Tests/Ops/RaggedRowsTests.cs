using Homegrown.Kernels.Ops;

namespace Homegrown.Kernels.Tests.Ops;

public sealed class RaggedRowsTests
{
    [Fact]
    public void Sequences_lie_one_after_the_other()
    {
        var rows = new RaggedRows();
        rows.Add(3, 0, [7, 2]);
        rows.Add(1, 41, [5, 0, 9]);
        Assert.Equal(4, rows.Rows);
        Assert.Equal([new Segment(0, 3, 0, 0), new Segment(3, 1, 41, 2)], rows.Segments.ToArray());
        Assert.Equal([0, 1, 2, 41], rows.Positions.ToArray());
        Assert.Equal([7, 2, 5, 0, 9], rows.PageTable.ToArray());
    }

    [Fact]
    public void A_step_as_large_as_an_earlier_one_allocates_nothing()
    {
        var rows = new RaggedRows();
        int[] pages = [.. Enumerable.Range(0, 300)];
        Fill();
        rows.Clear();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Fill();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.Equal((900, 9), (rows.Rows, rows.Segments.Length));

        void Fill()
        {
            for (var i = 0; i < 9; i++) rows.Add(100, i, pages);
        }
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(-1, 0)]
    [InlineData(1, -1)]
    [InlineData(2, int.MaxValue - 1)]
    public void Rows_that_are_none_or_beyond_all_positions_are_refused(int count, int firstPosition)
        => Assert.Throws<ArgumentOutOfRangeException>(() => new RaggedRows().Add(count, firstPosition, [0]));
}
