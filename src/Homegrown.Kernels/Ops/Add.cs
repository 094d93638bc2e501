namespace Homegrown.Kernels.Ops;

/// <summary>Sums in place: the residual stream and biases.</summary>
public static unsafe class Add
{
    /// <summary>y += x, both [rows, columns].</summary>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public static void Forward(Tensor y, Tensor x)
    {
        if ((x.Rows, x.Columns) != (y.Rows, y.Columns))
            throw new ArgumentException($"[{x.Rows}, {x.Columns}] is added to [{y.Rows}, {y.Columns}].", nameof(x));
        RowKernels.Run(y.Compute, y.Rows, y.Columns, new Kernel(y, x.Data, x.Stride));
    }

    /// <summary>Every row of y, [rows, columns], += bias, [columns].</summary>
    /// <exception cref="ArgumentException">The bias is of another length.</exception>
    public static void Bias(Tensor y, ReadOnlySpan<float> bias)
    {
        if (bias.Length != y.Columns) throw new ArgumentException($"A bias of {bias.Length} is added to {y.Columns} columns.", nameof(bias));
        fixed (float* values = bias) RowKernels.Run(y.Compute, y.Rows, y.Columns, new Kernel(y, values, 0));
    }

    /// <param name="y">[rows, columns].</param>
    /// <param name="x">The first row to add.</param>
    /// <param name="stride">Floats from one row of x to the next: 0 adds the same row to all.</param>
    readonly struct Kernel(Tensor y, float* x, int stride) : IRowKernel
    {
        public void Reference(int row) => Scalar(row, 0);

        public void Portable<TLanes>(int row)
            where TLanes : struct, ILanes<TLanes>
        {
            float* to = y.RowPointer(row), from = x + ((long)row * stride);
            var i = 0;
            for (; i <= y.Columns - TLanes.Count; i += TLanes.Count) (TLanes.Load(to + i) + TLanes.Load(from + i)).Store(to + i);
            Scalar(row, i);
        }

        void Scalar(int row, int i)
        {
            float* to = y.RowPointer(row), from = x + ((long)row * stride);
            for (; i < y.Columns; i++) to[i] += from[i];
        }
    }
}
