using System.Runtime.CompilerServices;

namespace Homegrown.Kernels;

/// <summary>
/// Activations of one step: float32, [rows, columns], a view into the arena of a <see cref="Compute"/>. A column slice keeps
/// the row stride of its parent. Nothing is allocated for a tensor; it is valid until the compute's next reset.
/// </summary>
public readonly unsafe struct Tensor
{
    internal Tensor(Compute compute, float* data, int rows, int columns, int stride)
    {
        Compute = compute;
        Data = data;
        Rows = rows;
        Columns = columns;
        Stride = stride;
    }

    /// <summary>What this tensor belongs to.</summary>
    public Compute Compute { get; }

    public int Rows { get; }

    public int Columns { get; }

    /// <summary>Floats from one row to the next.</summary>
    public int Stride { get; }

    internal float* Data { get; }

    /// <summary>The values of row <paramref name="row"/>, [columns].</summary>
    public Span<float> Row(int row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Rows, nameof(row));
        return new(Data + ((long)row * Stride), Columns);
    }

    /// <summary>Columns <paramref name="start"/> to start + count - 1 of every row: a view.</summary>
    public Tensor Slice(int start, int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)start, (uint)Columns, nameof(start));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)(Columns - start), nameof(count));
        return new(Compute, Data + start, Rows, count, Stride);
    }

    /// <summary>Rows <paramref name="start"/> to start + count - 1: a view.</summary>
    public Tensor SliceRows(int start, int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)start, (uint)Rows, nameof(start));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)(Rows - start), nameof(count));
        return new(Compute, RowPointer(start), count, Columns, Stride);
    }

    /// <summary>Adds <paramref name="other"/> in place: the residual stream. Same shape.</summary>
    public void operator +=(Tensor other) => Ops.Add.Forward(this, other);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal float* RowPointer(int row) => Data + ((long)row * Stride);
}
