namespace Homegrown.Kernels.Ops;

/// <summary>
/// Weighted sums of the residual streams of hyper-connections (Zhu et al. 2024, arXiv 2409.19606 §2): a row is several streams side by
/// side, and each row has weights of its own, target by source for every source: y[t] = sum over s of w[s, t] x[s].
/// </summary>
public static unsafe class MixStreams
{
    /// <summary>[rows, sources * n] by [rows, sources * targets] to [rows, targets * n].</summary>
    /// <param name="weights">From source s to target t at s * targets + t.</param>
    /// <exception cref="ArgumentException">The shapes do not fit each other.</exception>
    public static Tensor Forward(Tensor x, Tensor weights, int sources)
    {
        var y = x.Compute.Rent(x.Rows, Width(x, weights, sources) * (weights.Columns / sources));
        RowKernels.Run(x.Compute, x.Rows, x.Columns * (weights.Columns / sources), new Kernel(x, y, weights, sources, kept: false));
        return y;
    }

    /// <summary>Adds the sums to y, [rows, targets * n].</summary>
    /// <exception cref="ArgumentException">The shapes do not fit each other.</exception>
    public static void Add(Tensor y, Tensor x, Tensor weights, int sources)
    {
        var width = Width(x, weights, sources);
        if (y.Rows != x.Rows || y.Columns != width * (weights.Columns / sources))
            throw new ArgumentException($"Streams [{x.Rows}, {sources} * {width}] by {weights.Columns} weights are added to [{y.Rows}, {y.Columns}].", nameof(y));
        RowKernels.Run(x.Compute, x.Rows, x.Columns * (weights.Columns / sources), new Kernel(x, y, weights, sources, kept: true));
    }

    static int Width(Tensor x, Tensor weights, int sources)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sources);
        if (x.Rows != weights.Rows || x.Columns % sources != 0 || weights.Columns % sources != 0 || weights.Columns == 0)
            throw new ArgumentException($"[{x.Rows}, {x.Columns}] is not {sources} streams of [{weights.Rows}, {weights.Columns}] weights.", nameof(x));
        return x.Columns / sources;
    }

    readonly struct Kernel(Tensor x, Tensor y, Tensor weights, int sources, bool kept) : IRowKernel
    {
        readonly int width = x.Columns / sources, targets = weights.Columns / sources;

        public void Reference(int row) => Scalar(row, 0);

        public void Portable<TLanes>(int row)
            where TLanes : struct, ILanes<TLanes>
        {
            float* from = x.RowPointer(row), to = y.RowPointer(row), w = weights.RowPointer(row);
            var i = 0;
            for (; i <= width - TLanes.Count; i += TLanes.Count)
            {
                for (var target = 0; target < targets; target++)
                {
                    var at = to + (target * width) + i;
                    var sum = kept ? TLanes.Load(at) : TLanes.Create(0);
                    for (var source = 0; source < sources; source++)
                        sum = TLanes.MultiplyAdd(TLanes.Create(w[(source * targets) + target]), TLanes.Load(from + (source * width) + i), sum);
                    sum.Store(at);
                }
            }

            Scalar(row, i);
        }

        void Scalar(int row, int i)
        {
            float* from = x.RowPointer(row), to = y.RowPointer(row), w = weights.RowPointer(row);
            for (; i < width; i++)
            {
                for (var target = 0; target < targets; target++)
                {
                    double sum = kept ? to[(target * width) + i] : 0;
                    for (var source = 0; source < sources; source++) sum += (double)w[(source * targets) + target] * from[(source * width) + i];
                    to[(target * width) + i] = (float)sum;
                }
            }
        }
    }
}
