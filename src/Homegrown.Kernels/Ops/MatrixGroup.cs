using Homegrown.Kernels.Ops.Products;

namespace Homegrown.Kernels.Ops;

/// <summary>
/// Matrices of one shape, of which each multiplies rows of its own: experts. Holds a product's working memory, so that a steady state
/// allocates nothing; one product at a time.
/// </summary>
public sealed class MatrixGroup
{
    /// <exception cref="ArgumentException">No matrices, or matrices of different shapes, or with <see cref="Weight.FineInputs"/>.</exception>
    public MatrixGroup(params ReadOnlySpan<Matrix> matrices)
    {
        if (matrices.IsEmpty) throw new ArgumentException("A group has at least one matrix.", nameof(matrices));
        (Matrices, Rows, Columns) = (matrices.ToArray(), matrices[0].Rows, matrices[0].Columns);
        foreach (var matrix in matrices)
        {
            if ((matrix.Rows, matrix.Columns) != (Rows, Columns))
                throw new ArgumentException($"A matrix is [{matrix.Rows}, {matrix.Columns}], the first of the group [{Rows}, {Columns}].", nameof(matrices));
            if (matrix.HasFineCodes) throw new ArgumentException("Groups take inputs in 8 bits: a part has FineInputs.", nameof(matrices));
            HasCodes |= matrix.HasCodes;
        }

        (Running, Operands, ChunkEnds) = (new Matrix[matrices.Length], new Operands[matrices.Length], new int[matrices.Length]);
    }

    /// <summary>Outputs of each.</summary>
    public int Rows { get; }

    /// <summary>Inputs of each.</summary>
    public int Columns { get; }

    internal Matrix[] Matrices { get; }

    /// <summary>A matrix is stored as codes.</summary>
    internal bool HasCodes { get; }

    /// <summary>Those that have rows in the current product; their inputs; and where their chunks end among all.</summary>
    internal Matrix[] Running { get; }

    /// <inheritdoc cref="Running"/>
    internal Operands[] Operands { get; }

    /// <inheritdoc cref="Running"/>
    internal int[] ChunkEnds { get; }

    internal bool TakesBrainRows(Compute compute)
    {
        foreach (var matrix in Matrices)
            if (matrix.TakesBrainRows(compute)) return true;
        return false;
    }
}
