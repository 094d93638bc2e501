using Homegrown.Kernels.Ops.Products;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Ops;

/// <summary>
/// Stored matrices with the same columns, one below the other, multiplied as one: a product is one dispatch over the rows of all
/// of them (q, k and v; gate and up), and the activations are quantized once. Their formats may differ.
/// </summary>
public sealed class Matrix
{
    /// <exception cref="ArgumentException">No parts, or parts with different columns.</exception>
    /// <exception cref="NotSupportedException">This build does not compute with a part's type.</exception>
    public Matrix(params ReadOnlySpan<Weight> parts)
    {
        if (parts.IsEmpty) throw new ArgumentException("A matrix has at least one part.", nameof(parts));
        Columns = parts[0].Columns;
        Parts = new Part[parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            if (parts[i].Columns != Columns)
                throw new ArgumentException($"Part {i} has {parts[i].Columns} columns, part 0 has {Columns}.", nameof(parts));
            Parts[i] = new(parts[i], Rows, Product.Of(parts[i].Type));
            Rows = checked(Rows + parts[i].Rows);
            if (!QuantFormats.IsCoded(parts[i].Type)) continue;
            if (parts[i].FineInputs) HasFineCodes = true;
            else HasCodes = true;
        }
    }

    /// <param name="FirstRow">Row of the matrix at which the part starts.</param>
    internal readonly record struct Part(Weight Weight, int FirstRow, Product Product);

    internal Part[] Parts { get; }

    /// <summary>Outputs of the product: the rows of all parts.</summary>
    public int Rows { get; }

    /// <summary>Inputs of the product.</summary>
    public int Columns { get; }

    /// <summary>A part is stored as codes: its product quantizes the activations.</summary>
    internal bool HasCodes { get; }

    /// <summary>The same of a part with <see cref="Weight.FineInputs"/>.</summary>
    internal bool HasFineCodes { get; }

    /// <summary>A part's product takes activations in bfloat16.</summary>
    internal bool TakesBrainRows(Compute compute)
    {
        foreach (ref readonly var part in Parts.AsSpan())
            if (EmittedFloats.TakeBrainRows(compute, part.Weight)) return true;
        return false;
    }

    /// <summary>The matrix that was multiplied after this one last time, and probably will be again.</summary>
    internal Matrix? Follower { get; set; }
}
