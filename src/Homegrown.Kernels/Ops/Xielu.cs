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
        public void Reference(int row) => Scalar(row);

        // One by one: exp(x) - 1 by lanes loses all digits near 0.
        public void Portable<TLanes>(int row)
            where TLanes : struct, ILanes<TLanes>
            => Scalar(row);

        void Scalar(int row)
        {
            var values = x.RowPointer(row);
            for (var i = 0; i < x.Columns; i++)
            {
                var value = values[i];
                values[i] = (value > 0 ? rise * value * value : fall * ((float)double.ExpM1(MathF.Min(value, epsilon)) - value)) + (beta * value);
            }
        }
    }
}
