namespace Homegrown.Kernels.Ops;

/// <summary>How far a recurrence goes in a row, as its projection says.</summary>
public static unsafe class TimeStep
{
    /// <summary>softplus(x + bias), within min and max: [rows, columns] to the same (Mamba-2; decays of delta-nets).</summary>
    /// <param name="bias">[columns].</param>
    /// <exception cref="ArgumentException">The bias has another length.</exception>
    public static Tensor Forward(Tensor x, ReadOnlySpan<float> bias, float min = 0, float max = float.PositiveInfinity)
    {
        if (bias.Length != x.Columns) throw new ArgumentException($"{bias.Length} biases for {x.Columns} columns.", nameof(bias));
        var y = x.Compute.Rent(x.Rows, x.Columns);
        fixed (float* b = bias) RowKernels.Run(x.Compute, x.Rows, x.Columns, new Kernel(x, y, b, min, max));
        return y;
    }

    /// <summary>
    /// bound * sigmoid(rate * (x + bias)): steps that end somewhere (Kimi's safe gate); with nothing but x, how much a delta rule writes.
    /// </summary>
    /// <param name="bias">[columns], or empty.</param>
    /// <param name="rates">[heads], each for columns / heads neighbours; or empty.</param>
    /// <exception cref="ArgumentException">The bias or the rates have another length.</exception>
    public static Tensor Bounded(Tensor x, ReadOnlySpan<float> bias = default, ReadOnlySpan<float> rates = default, float bound = 1)
    {
        if (!bias.IsEmpty && bias.Length != x.Columns) throw new ArgumentException($"{bias.Length} biases for {x.Columns} columns.", nameof(bias));
        if (!rates.IsEmpty && x.Columns % rates.Length != 0) throw new ArgumentException($"{rates.Length} rates for {x.Columns} columns.", nameof(rates));
        var y = x.Compute.Rent(x.Rows, x.Columns);
        fixed (float* b = bias, r = rates) RowKernels.Run(x.Compute, x.Rows, x.Columns, new BoundedKernel(x, y, b, r, Math.Max(1, x.Columns / Math.Max(1, rates.Length)), bound));
        return y;
    }

    /// <param name="each">Columns of a rate.</param>
    readonly struct BoundedKernel(Tensor x, Tensor y, float* bias, float* rates, int each, float bound) : IRowKernel
    {
        public void Reference(int row) => Scalar(row, 0, x.Columns);

        public void Portable<TLanes>(int row)
            where TLanes : struct, ILanes<TLanes>
        {
            float* from = x.RowPointer(row), to = y.RowPointer(row);
            var (one, zero) = (TLanes.Create(1), TLanes.Create(0));
            for (var start = 0; start < x.Columns; start += each)
            {
                var (i, rate) = (start, TLanes.Create(rates == null ? -1 : -rates[start / each]));
                for (; i <= start + each - TLanes.Count; i += TLanes.Count)
                {
                    var sum = TLanes.Load(from + i) + (bias == null ? zero : TLanes.Load(bias + i));
                    (TLanes.Create(bound) / (one + LaneMath.Exp(sum * rate))).Store(to + i);
                }

                Scalar(row, i, start + each);
            }
        }

        void Scalar(int row, int i, int end)
        {
            float* from = x.RowPointer(row), to = y.RowPointer(row);
            for (; i < end; i++) to[i] = bound / (1 + MathF.Exp(-(rates == null ? 1 : rates[i / each]) * (from[i] + (bias == null ? 0 : bias[i]))));
        }
    }

    readonly struct Kernel(Tensor x, Tensor y, float* bias, float min, float max) : IRowKernel
    {
        public void Reference(int row) => Scalar(row, 0);

        public void Portable<TLanes>(int row)
            where TLanes : struct, ILanes<TLanes>
        {
            float* from = x.RowPointer(row), to = y.RowPointer(row);
            var (i, least, most) = (0, TLanes.Create(min), TLanes.Create(max));
            for (; i <= x.Columns - TLanes.Count; i += TLanes.Count)
                TLanes.Min(most, TLanes.Max(least, LaneMath.Softplus(TLanes.Load(from + i) + TLanes.Load(bias + i)))).Store(to + i);
            Scalar(row, i);
        }

        void Scalar(int row, int i)
        {
            float* from = x.RowPointer(row), to = y.RowPointer(row);
            for (; i < x.Columns; i++)
            {
                var sum = (double)(from[i] + bias[i]);
                var value = Math.Max(sum, 0) + Math.Log(1 + Math.Exp(-Math.Abs(sum)));
                to[i] = (float)Math.Min(max, Math.Max(min, value));
            }
        }
    }
}
