using Homegrown.Kernels.Ops.Products;
using Homegrown.Kernels.Threading;

namespace Homegrown.Kernels.Ops;

/// <summary>
/// Matrix products of activations with stored weights. An output depends on its row of x and its row of w alone: on neither the
/// threads nor the other tokens of the call, to the bit.
/// </summary>
public static class MatMul
{
    /// <summary>
    /// Parts for each thread of a product with few tokens: two even out a thread that was held up. With more, each begins again to
    /// wait for memory until the processor sees what to fetch ahead: six cost a fifth of the rate, measured.
    /// </summary>
    const int PartsPerThread = 2;

    /// <summary>Rows of a part are a multiple of this: whole panels.</summary>
    const int RowGroup = 16;

    /// <summary>Rows of a part where tokens are many: their codes unpacked fit the second cache level beside the tokens.</summary>
    const int PanelRows = 64;

    /// <summary>y[t, r] = sum over c of x[t, c] * w[r, c]: [tokens, columns] to [tokens, rows].</summary>
    /// <exception cref="ArgumentException">x and w have different columns.</exception>
    public static Tensor Forward(Tensor x, Matrix w)
    {
        if (x.Columns != w.Columns) throw new ArgumentException($"x has {x.Columns} columns, w has {w.Columns}.", nameof(x));
        var compute = x.Compute;
        var y = compute.Rent(x.Rows, w.Rows);
        if (x.Rows == 0) return y;
        using var scratch = compute.Scope();
        var brains = w.TakesBrainRows(compute) ? BrainRows.From(x) : default;
        var job = new Job(Quantized(x, w.HasCodes, fine: false, brains, y), Quantized(x, w.HasFineCodes, fine: true, brains, y), w);
        compute.Pool.Run(job.Parts, ref job);
        return y;
    }

    static Operands Quantized(Tensor x, bool isWanted, bool fine, BrainRows brains, Tensor y)
    {
        if (!isWanted || x.Compute.Exact) return new(x, default, default, brains, y);
        var quantized = QuantizedRows.From(x, fine);
        return new(x, quantized, x.Compute.Tier == Tier.Emitted ? RestLists.Of(x.Compute, quantized, x.Rows) : default, brains, y);
    }

    /// <summary>Chunks of rows, part after part of the matrix.</summary>
    readonly struct Job(Operands operands, Operands fine, Matrix w) : IJob
    {
        public int Parts
        {
            get
            {
                var parts = 0;
                foreach (ref readonly var part in w.Parts.AsSpan()) parts += Chunks(part.Weight);
                return parts;
            }
        }

        int Rows(Weight weight) => operands.Tokens >= PanelRows
            ? PanelRows
            : ((weight.Rows / (operands.X.Compute.Threads * PartsPerThread * RowGroup)) + 1) * RowGroup;

        int Chunks(Weight weight)
        {
            var rows = Rows(weight);
            return (int)(((long)weight.Rows + rows - 1) / rows);
        }

        public void Run(int chunk)
        {
            foreach (ref readonly var part in w.Parts.AsSpan())
            {
                var chunks = Chunks(part.Weight);
                if (chunk < chunks)
                {
                    var rows = Rows(part.Weight);
                    var first = chunk * rows;
                    part.Product.Run(part.Weight.FineInputs ? fine : operands, part.Weight, first, Math.Min(rows, part.Weight.Rows - first), part.FirstRow + first);
                    return;
                }

                chunk -= chunks;
            }
        }
    }
}
