namespace Homegrown.Kernels.Ops;

/// <summary>Layer norm (Ba et al. 2016, arXiv 1607.06450).</summary>
public static unsafe class LayerNorm
{
    /// <summary>y = (x - mean) / sqrt(variance + epsilon) * weight + bias, row by row, in groups of weight.Length columns.</summary>
    /// <param name="x">[rows, columns].</param>
    /// <param name="weight">[columns], or [headDim] to norm each head of a row by itself.</param>
    /// <param name="bias">Of the same length, or empty.</param>
    /// <param name="epsilon">Keeps a row of equal numbers finite.</param>
    /// <exception cref="ArgumentException">Lengths do not fit.</exception>
    public static Tensor Forward(Tensor x, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, float epsilon)
    {
        if (weight.IsEmpty ? x.Columns != 0 : x.Columns % weight.Length != 0)
            throw new ArgumentException($"A norm of {weight.Length} weights does not divide {x.Columns} columns.", nameof(weight));
        if (!bias.IsEmpty && bias.Length != weight.Length) throw new ArgumentException($"A bias of {bias.Length} beside {weight.Length} weights.", nameof(bias));
        var y = x.Compute.Rent(x.Rows, x.Columns);
        fixed (float* weights = weight, biases = bias) RowKernels.Run(x.Compute, x.Rows, x.Columns, new Kernel(x, y, weights, biases, weight.Length, epsilon));
        return y;
    }

    readonly struct Kernel(Tensor x, Tensor y, float* weight, float* bias, int length, float epsilon) : IRowKernel
    {
        public void Reference(int row)
        {
            for (var start = 0; start < x.Columns; start += length)
            {
                float* from = x.RowPointer(row) + start, to = y.RowPointer(row) + start;
                var (mean, scale) = Moments(from);
                for (var i = 0; i < length; i++) to[i] = ((from[i] - mean) * scale * weight[i]) + (bias == null ? 0 : bias[i]);
            }
        }

        // The moments in double, as in the reference: a norm is a small part of a layer.
        public void Portable<TLanes>(int row)
            where TLanes : struct, ILanes<TLanes>
        {
            for (var start = 0; start < x.Columns; start += length)
            {
                float* from = x.RowPointer(row) + start, to = y.RowPointer(row) + start;
                var (mean, scale) = Moments(from);
                var (means, scales) = (TLanes.Create(mean), TLanes.Create(scale));
                var i = 0;
                for (; i <= length - TLanes.Count; i += TLanes.Count)
                {
                    var value = (TLanes.Load(from + i) - means) * scales * TLanes.Load(weight + i);
                    (bias == null ? value : value + TLanes.Load(bias + i)).Store(to + i);
                }

                for (; i < length; i++) to[i] = ((from[i] - mean) * scale * weight[i]) + (bias == null ? 0 : bias[i]);
            }
        }

        (float Mean, float Scale) Moments(float* from)
        {
            var (sum, squares) = (0.0, 0.0);
            for (var i = 0; i < length; i++) sum += from[i];
            var mean = sum / length;
            for (var i = 0; i < length; i++) squares += (from[i] - mean) * (from[i] - mean);
            return ((float)mean, (float)(1 / Math.Sqrt((squares / length) + epsilon)));
        }
    }
}
