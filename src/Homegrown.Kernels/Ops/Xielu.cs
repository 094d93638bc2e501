namespace Homegrown.Kernels.Ops;

/// <summary>xIELU, the activation that integrates an ELU (Huang and Schlag 2024, arXiv 2411.13010 §3).</summary>
public static unsafe class Xielu
{
    /// <summary>Above 0 rise x² + beta x, elsewhere fall (exp(min(x, epsilon)) - 1 - x) + beta x; in place.</summary>
    /// <param name="epsilon">Just below 0.</param>
    public static Tensor Forward(Tensor x, float rise, float fall, float beta, float epsilon)
    {
        RowKernels.Run(x.Compute, x.Rows, x.Columns, new Kernel(x, rise, fall, beta, epsilon));
        return x;
    }

    readonly struct Kernel(Tensor x, float rise, float fall, float beta, float epsilon) : IRowKernel
    {
        public void Reference(int row) => Scalar(row, 0);

        // Both sides are made of the number cut to its side, of which the other is then 0 or as good as 0.
        public void Portable<TLanes>(int row)
            where TLanes : struct, ILanes<TLanes>
        {
            var values = x.RowPointer(row);
            var (zero, one, rises, falls, betas, cut) = (TLanes.Create(0), TLanes.Create(1), TLanes.Create(rise), TLanes.Create(fall), TLanes.Create(beta), TLanes.Create(epsilon));
            var i = 0;
            for (; i <= x.Columns - TLanes.Count; i += TLanes.Count)
            {
                var value = TLanes.Load(values + i);
                var (above, below) = (TLanes.Max(zero, value), TLanes.Min(zero, value));
                var bent = LaneMath.Exp(TLanes.Min(cut, below)) - one - below;
                ((rises * above * above) + (falls * bent) + (betas * value)).Store(values + i);
            }

            Scalar(row, i);
        }

        void Scalar(int row, int i)
        {
            var values = x.RowPointer(row);
            for (; i < x.Columns; i++)
            {
                var value = values[i];
                values[i] = (value > 0 ? rise * value * value : fall * ((float)double.ExpM1(MathF.Min(value, epsilon)) - value)) + (beta * value);
            }
        }
    }
}
