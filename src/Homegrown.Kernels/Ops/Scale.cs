namespace Homegrown.Kernels.Ops;

/// <summary>Products with one number, and sums of such.</summary>
public static unsafe class Scale
{
    /// <summary>y *= factor, in place.</summary>
    public static Tensor Forward(Tensor y, float factor)
    {
        if (factor != 1) RowKernels.Run(y.Compute, y.Rows, y.Columns, new Kernel(y, y, factor, 0));
        return y;
    }

    /// <summary>y = y * kept + x * factor, in place, both [rows, columns].</summary>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public static void Add(Tensor y, Tensor x, float factor, float kept = 1)
    {
        if ((x.Rows, x.Columns) != (y.Rows, y.Columns)) throw new ArgumentException($"[{x.Rows}, {x.Columns}] is added to [{y.Rows}, {y.Columns}].", nameof(x));
        RowKernels.Run(y.Compute, y.Rows, y.Columns, new Kernel(y, x, factor, kept));
    }

    readonly struct Kernel(Tensor y, Tensor x, float factor, float kept) : IRowKernel
    {
        public void Reference(int row) => Scalar(row, 0);

        public void Portable<TLanes>(int row)
            where TLanes : struct, ILanes<TLanes>
        {
            float* to = y.RowPointer(row), from = x.RowPointer(row);
            var (factors, keeps) = (TLanes.Create(factor), TLanes.Create(kept));
            var i = 0;
            if (kept == 0) for (; i <= y.Columns - TLanes.Count; i += TLanes.Count) (TLanes.Load(from + i) * factors).Store(to + i);
            else for (; i <= y.Columns - TLanes.Count; i += TLanes.Count) ((TLanes.Load(to + i) * keeps) + (TLanes.Load(from + i) * factors)).Store(to + i);
            Scalar(row, i);
        }

        void Scalar(int row, int i)
        {
            float* to = y.RowPointer(row), from = x.RowPointer(row);
            if (kept == 0) for (; i < y.Columns; i++) to[i] = from[i] * factor;
            else for (; i < y.Columns; i++) to[i] = (to[i] * kept) + (from[i] * factor);
        }
    }
}
