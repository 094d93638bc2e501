using Homegrown.Kernels;
using Homegrown.Kernels.Quant;

namespace Homegrown.Engine.Formats;

/// <summary>A stored tensor, wherever it is: what it is called there, its shape, and its bytes as a matrix.</summary>
public abstract class ModelTensor
{
    /// <summary>As in its file.</summary>
    public required string Name { get; init; }

    public required string File { get; init; }

    /// <summary>Bytes from the start of the file.</summary>
    public required long Offset { get; init; }

    /// <summary>Outermost first, as row-major: [rows, columns] or [experts, rows, columns].</summary>
    public required IReadOnlyList<long> Shape { get; init; }

    /// <summary>Of the matrix that <see cref="Open"/> gives.</summary>
    public abstract TensorType Type { get; }

    /// <summary>Values in a row.</summary>
    public long Columns => Shape.Count == 0 ? 1 : Shape[^1];

    /// <summary>Rows of all matrices together.</summary>
    public long Rows => Shape.SkipLast(1).Aggregate(1L, (product, size) => checked(product * size));

    /// <summary>Bytes of the matrix that <see cref="Open"/> gives.</summary>
    public long Bytes => checked(QuantFormats.RowBytes(Type, Columns) * Rows);

    /// <summary>
    /// The tensor as a matrix, [product of the outer sizes, innermost]; converted at first use if needed. Valid until
    /// <see cref="Release"/> or the disposal of its source.
    /// </summary>
    public abstract Weight Open();

    /// <summary>Its bytes are not needed soon.</summary>
    public virtual void Release()
    {
    }

    /// <summary>Some of its rows, by number, are not needed soon: a hint, for views of a tensor that others still read.</summary>
    public virtual void ReleaseRows(long first, long count)
    {
    }

    /// <summary>An error in this tensor.</summary>
    public ModelFileException Error(string problem) => new(File, $"tensor {Name}", Offset, problem);
}
