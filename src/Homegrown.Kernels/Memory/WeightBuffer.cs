using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Memory;

/// <summary>A matrix in memory of its own, for tensors that must be converted: row by row, in a format of <see cref="TensorType"/>.</summary>
public sealed unsafe class WeightBuffer : IDisposable
{
    readonly NativeBuffer buffer;
    readonly long rowBytes;

    public WeightBuffer(TensorType type, int rows, int columns)
    {
        (Type, Rows, Columns) = (type, rows, columns);
        rowBytes = QuantFormats.RowBytes(type, columns);
        buffer = new NativeBuffer(checked(rowBytes * rows));
    }

    public TensorType Type { get; }

    public int Rows { get; }

    public int Columns { get; }

    /// <summary>The matrix, valid until this is disposed.</summary>
    public Weight Weight => new(Type, Rows, Columns, buffer.Data);

    /// <summary>The bytes of a row, to be written.</summary>
    public Span<byte> Row(int row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Rows, nameof(row));
        return new(buffer.Data + (row * rowBytes), checked((int)rowBytes));
    }

    public void Dispose() => buffer.Dispose();
}
