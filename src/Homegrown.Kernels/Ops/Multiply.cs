namespace Homegrown.Kernels.Ops;

/// <summary>Products number by number, in place: gates on an output.</summary>
public static unsafe class Multiply
{
    /// <summary>y *= x: [rows, columns] each, or x with one number for every group of equal size in a row of y (a gate for each head).</summary>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static Tensor Forward(Tensor y, Tensor x)
    {
        if (x.Rows != y.Rows || x.Columns == 0 || y.Columns % x.Columns != 0)
            throw new ArgumentException($"[{y.Rows}, {y.Columns}] is multiplied by [{x.Rows}, {x.Columns}].", nameof(x));
        RowKernels.Run(y.Compute, y.Rows, y.Columns, new Kernel(y, x, y.Columns / x.Columns));
        return y;
    }

    /// <summary>Every row of y, [rows, columns], *= x, [columns].</summary>
    /// <exception cref="ArgumentException">The factors are of another number.</exception>
    public static Tensor Columns(Tensor y, ReadOnlySpan<float> x)
    {
        if (x.Length != y.Columns) throw new ArgumentException($"{y.Columns} columns are multiplied by {x.Length} factors.", nameof(x));
        fixed (float* factors = x) RowKernels.Run(y.Compute, y.Rows, y.Columns, new Kernel(y, new(y.Compute, factors, y.Rows, y.Columns, 0), 1));
        return y;
    }

    readonly struct Kernel(Tensor y, Tensor x, int group) : IRowKernel
    {
        public void Reference(int row)
        {
            float* to = y.RowPointer(row), by = x.RowPointer(row);
            for (var i = 0; i < y.Columns; i++) to[i] *= by[i / group];
        }

        public void Portable<TLanes>(int row)
            where TLanes : struct, ILanes<TLanes>
        {
            float* to = y.RowPointer(row), by = x.RowPointer(row);
            var i = 0;
            if (group == 1) for (; i <= y.Columns - TLanes.Count; i += TLanes.Count) (TLanes.Load(to + i) * TLanes.Load(by + i)).Store(to + i);
            for (; i < y.Columns; i++) to[i] *= by[i / group];
        }
    }
}
