namespace Homegrown.Kernels.Ops;

/// <summary>Rows of a stored table, decoded to float32.</summary>
public static class Embedding
{
    /// <summary>[rows.Length, table.Columns].</summary>
    public static Tensor Forward(Compute compute, Weight table, ReadOnlySpan<int> rows)
    {
        var y = compute.Rent(rows.Length, table.Columns);
        for (var i = 0; i < rows.Length; i++) table.Dequantize(rows[i], y.Row(i));
        return y;
    }
}
