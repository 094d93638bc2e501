namespace Homegrown.Kernels.Ops;

/// <summary>
/// Stored matrices with the same columns, one below the other, multiplied as one: a product is one dispatch over the rows of all
/// of them (q, k and v; gate and up), and the activations are quantized once. Their formats may differ.
/// </summary>
public sealed class Matrix
{
    public Matrix(params ReadOnlySpan<Weight> parts)
    {
        Parts = parts.ToArray();
        Columns = parts[0].Columns;
        foreach (var part in parts)
        {
            if (part.Columns != Columns) throw new ArgumentException("Parts of a matrix have the same columns.", nameof(parts));
            Rows += part.Rows;
        }
    }

    internal Weight[] Parts { get; }

    /// <summary>Outputs of the product: the rows of all parts.</summary>
    public int Rows { get; }

    /// <summary>Inputs of the product.</summary>
    public int Columns { get; }
}

/// <summary>Matrix products of activations with stored weights.</summary>
public static class MatMul
{
    /// <summary>y[t, r] = sum over c of x[t, c] * w[r, c]: [tokens, columns] to [tokens, rows].</summary>
    public static Tensor Forward(Tensor x, Matrix w)
    {
        var y = x.Compute.Rent(x.Rows, w.Rows);
        var buffer = new float[w.Columns];
        var first = 0;
        foreach (var part in w.Parts)
        {
            for (var r = 0; r < part.Rows; r++)
            {
                part.Dequantize(r, buffer);
                for (var t = 0; t < x.Rows; t++)
                {
                    var sum = 0.0;
                    var row = x.Row(t);
                    for (var c = 0; c < buffer.Length; c++) sum += (double)buffer[c] * row[c];
                    y.Row(t)[first + r] = (float)sum;
                }
            }

            first += part.Rows;
        }

        return y;
    }
}
