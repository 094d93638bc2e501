namespace Homegrown.Kernels.Ops;

/// <summary>Rows of a stored table, decoded to float32.</summary>
public static class Embedding
{
    /// <summary>[rows.Length, table.Columns].</summary>
    /// <exception cref="ArgumentOutOfRangeException">A row is not in the table.</exception>
    public static Tensor Forward(Compute compute, Weight table, ReadOnlySpan<int> rows)
    {
        foreach (var row in rows)
        {
            if ((uint)row >= (uint)table.Rows)
                throw new ArgumentOutOfRangeException(nameof(rows), row, $"Row {row} is not in a table of {table.Rows} rows.");
        }

        var y = compute.Rent(rows.Length, table.Columns);
        for (var i = 0; i < rows.Length; i++) table.Dequantize(rows[i], y.Row(i));
        return y;
    }
}
