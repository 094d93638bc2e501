namespace Homegrown.Kernels.Ops;

/// <summary>Gated activation (Shazeer 2020, arXiv 2002.05202): silu(gate) * up.</summary>
public static unsafe class SwiGlu
{
    /// <summary>[rows, 2 * n], gate first, to [rows, n].</summary>
    /// <exception cref="ArgumentException">The columns are odd.</exception>
    public static Tensor Forward(Tensor gateUp)
    {
        if (gateUp.Columns % 2 != 0) throw new ArgumentException($"{gateUp.Columns} columns are no gate and up.", nameof(gateUp));
        var y = gateUp.Compute.Rent(gateUp.Rows, gateUp.Columns / 2);
        RowKernels.Run(y.Compute, y.Rows, y.Columns, new Kernel(gateUp, y));
        return y;
    }

    /// <param name="y">[rows, n]; may be the gate itself.</param>
    internal readonly struct Kernel(Tensor gateUp, Tensor y) : IRowKernel
    {
        public void Reference(int row) => Scalar(row, 0);

        public void Portable<TLanes>(int row)
            where TLanes : struct, ILanes<TLanes>
        {
            float* gate = gateUp.RowPointer(row), to = y.RowPointer(row);
            var i = 0;
            var (zero, one) = (TLanes.Create(0), TLanes.Create(1));
            for (; i <= y.Columns - TLanes.Count; i += TLanes.Count)
            {
                var x = TLanes.Load(gate + i);
                (x / (one + LaneMath.Exp(zero - x)) * TLanes.Load(gate + y.Columns + i)).Store(to + i);
            }

            Scalar(row, i);
        }

        void Scalar(int row, int i)
        {
            float* gate = gateUp.RowPointer(row), to = y.RowPointer(row);
            for (; i < y.Columns; i++) to[i] = gate[i] / (1 + MathF.Exp(-gate[i])) * gate[y.Columns + i];
        }
    }
}
