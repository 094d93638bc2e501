using Homegrown.Kernels.Ops;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Tests.Ops;

public sealed class EmbeddingTests
{
    [Fact]
    public void Rows_are_decoded_in_the_order_asked()
    {
        using var buffer = Corpus.Encode(TensorType.Q8_0, Corpus.Values(10 * 64, 1), 64);
        var table = buffer.Weight(TensorType.Q8_0, 10, 64);
        using var compute = new Compute(new() { Threads = 1 });
        var y = Embedding.Forward(compute, table, [9, 0, 9, 4]);
        var rows = Corpus.Decode(table);
        Assert.Equal(4, y.Rows);
        foreach (var (i, row) in new[] { 9, 0, 9, 4 }.Index()) Assert.Equal(rows[row], y.Row(i));
        Assert.Equal(0, Embedding.Forward(compute, table, []).Rows);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(-1)]
    [InlineData(int.MaxValue)]
    public void A_row_outside_the_table_is_named(int row)
    {
        using var buffer = Corpus.Encode(TensorType.F32, Corpus.Values(10 * 4, 2), 4);
        using var compute = new Compute(new() { Threads = 1 });
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => Embedding.Forward(compute, buffer.Weight(TensorType.F32, 10, 4), [1, row]));
        Assert.Contains($"Row {row} is not in a table of 10 rows", error.Message, StringComparison.Ordinal);
    }
}
