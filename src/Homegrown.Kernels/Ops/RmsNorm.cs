namespace Homegrown.Kernels.Ops;

/// <summary>Root-mean-square norm (Zhang and Sennrich 2019, arXiv 1910.07467, eq. 4).</summary>
public static unsafe class RmsNorm
{
    /// <summary>y = x / sqrt(mean(x²) + epsilon) * weight, row by row, in groups of weight.Length columns (a head, or the whole row).</summary>
    /// <param name="x">[rows, columns].</param>
    /// <param name="weight">[columns], or [headDim] to norm each head of a row by itself.</param>
    /// <param name="epsilon">Keeps a row of zeros finite.</param>
    /// <param name="group">Columns that are normed together, where that is a part of the weight's (Mamba-2's groups).</param>
    /// <exception cref="ArgumentException">The weight's length does not divide the columns, or the group not the weight's length.</exception>
    public static Tensor Forward(Tensor x, ReadOnlySpan<float> weight, float epsilon, int? group = null)
    {
        if (group is { } part && (part <= 0 || weight.Length % part != 0)) throw new ArgumentException($"Groups of {part} do not divide {weight.Length} weights.", nameof(group));
        if (weight.IsEmpty ? x.Columns != 0 : x.Columns % weight.Length != 0)
            throw new ArgumentException($"A norm of {weight.Length} weights does not divide {x.Columns} columns.", nameof(weight));
        var y = x.Compute.Rent(x.Rows, x.Columns);
        fixed (float* weights = weight) RowKernels.Run(x.Compute, x.Rows, x.Columns, new Kernel(x, y, weights, weight.Length, group ?? weight.Length, epsilon));
        return y;
    }

    readonly struct Kernel(Tensor x, Tensor y, float* weights, int period, int length, float epsilon) : IRowKernel
    {
        public void Reference(int row)
        {
            for (var start = 0; start < x.Columns; start += length)
            {
                float* from = x.RowPointer(row) + start, to = y.RowPointer(row) + start, weight = weights + (start % period);
                var sum = 0.0;
                for (var i = 0; i < length; i++) sum += (double)from[i] * from[i];
                var scale = (float)(1 / Math.Sqrt((sum / length) + epsilon));
                for (var i = 0; i < length; i++) to[i] = from[i] * scale * weight[i];
            }
        }

        // The squares are summed in float, in 2 vectors: every term passes about length / (2 * lanes) additions, so the sum is off by
        // at most length / (2 * lanes) * 2^-24 of itself (3e-5 for 4096 columns in 128 bits), and by its square root in practice.
        // The norm's error is half of that and common to the row.
        public void Portable<TLanes>(int row)
            where TLanes : struct, ILanes<TLanes>
        {
            var n = TLanes.Count;
            for (var start = 0; start < x.Columns; start += length)
            {
                float* from = x.RowPointer(row) + start, to = y.RowPointer(row) + start, weight = weights + (start % period);
                var (even, odd) = (TLanes.Create(0), TLanes.Create(0));
                var i = 0;
                for (; i <= length - (2 * n); i += 2 * n)
                {
                    var (a, b) = (TLanes.Load(from + i), TLanes.Load(from + i + n));
                    even = TLanes.MultiplyAdd(a, a, even);
                    odd = TLanes.MultiplyAdd(b, b, odd);
                }

                double sum = (even + odd).Sum();
                for (; i < length; i++) sum += (double)from[i] * from[i];

                var scale = (float)(1 / Math.Sqrt((sum / length) + epsilon));
                var scales = TLanes.Create(scale);
                for (i = 0; i <= length - n; i += n) (TLanes.Load(from + i) * scales * TLanes.Load(weight + i)).Store(to + i);
                for (; i < length; i++) to[i] = from[i] * scale * weight[i];
            }
        }
    }
}
