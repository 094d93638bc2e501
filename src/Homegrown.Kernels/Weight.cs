using Homegrown.Kernels.Ops.Products;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels;

/// <summary>
/// A stored matrix, [rows, columns] in a format of <see cref="TensorType"/>, row by row: a view into a mapped file or a native
/// buffer, whose owner must outlive it. A vector is a matrix of one row.
/// </summary>
public readonly unsafe struct Weight
{
    internal Weight(TensorType type, int rows, int columns, byte* data, PanelLayout? panels = null)
    {
        Panels = panels;
        Type = type;
        Rows = rows;
        Columns = columns;
        Data = data;
        RowBytes = QuantFormats.RowBytes(type, columns);
    }

    public TensorType Type { get; }

    public int Rows { get; }

    public int Columns { get; }

    /// <summary>Bytes of one row.</summary>
    public long RowBytes { get; }

    /// <summary>Bytes of the matrix.</summary>
    public long Bytes => RowBytes * Rows;

    internal byte* Data { get; }

    /// <summary>The layout of the panels that the rows were packed into; null for rows as stored.</summary>
    internal PanelLayout? Panels { get; }

    /// <summary>Bytes before a row; in panels before its panel.</summary>
    internal long At(int row) => Panels is null ? row * RowBytes : row / PanelLayout.Rows * Panels.PanelBytes(Columns);

    /// <summary>Products of codes take their inputs in 16 bits throughout, instead of 8 with rests (ADR 0007).</summary>
    public bool FineInputs { get; init; }

    /// <summary>The stored bytes of a row.</summary>
    /// <exception cref="InvalidOperationException">The matrix is packed.</exception>
    public ReadOnlySpan<byte> Row(int row)
    {
        if (Panels is not null) throw new InvalidOperationException("A packed matrix has no stored rows.");
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Rows, nameof(row));
        return new(Data + (row * RowBytes), checked((int)RowBytes));
    }

    /// <summary>Rows <paramref name="first"/> to first + count - 1: a view.</summary>
    /// <exception cref="InvalidOperationException">The matrix is packed.</exception>
    public Weight Slice(int first, int count)
    {
        if (Panels is not null) throw new InvalidOperationException("A packed matrix has no stored rows.");
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)first, (uint)Rows, nameof(first));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)(Rows - first), nameof(count));
        return new(Type, count, Columns, Data + (first * RowBytes));
    }

    /// <summary>The same bytes as a matrix of another shape.</summary>
    /// <exception cref="ArgumentException">It has more or fewer bytes.</exception>
    /// <exception cref="InvalidOperationException">The matrix is packed.</exception>
    public Weight Reshape(int rows, int columns)
    {
        if (Panels is not null) throw new InvalidOperationException("A packed matrix has no stored rows.");
        var shaped = new Weight(Type, rows, columns, Data);
        return shaped.Bytes == Bytes ? shaped : throw new ArgumentException($"[{rows}, {columns}] of {Type} are {shaped.Bytes} bytes, not {Bytes}.", nameof(rows));
    }

    /// <summary>Decodes a row to float32, [columns].</summary>
    public void Dequantize(int row, Span<float> values)
    {
        if (Panels is null) QuantFormats.Dequantize(Type, Row(row), values[..Columns]);
        else Product.Of(Type).Dequantize(this, row, values[..Columns]);
    }
}
