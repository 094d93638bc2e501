namespace Homegrown.Kernels.Ops;

/// <summary>Sums of rows from anywhere, each with a weight: what chosen experts gave, token by token.</summary>
public static unsafe class WeightedSum
{
    /// <summary>y[t] = sum over k of weights[t * used + k] * x[places[t * used + k]], in the order of k: [tokens, columns].</summary>
    /// <param name="places">Rows of x, at least tokens * <paramref name="used"/>; as many <paramref name="weights"/>.</param>
    /// <exception cref="ArgumentException">Too few places or weights.</exception>
    public static Tensor Forward(Tensor x, int tokens, int used, int[] places, float[] weights)
    {
        if (Math.Min(places.Length, weights.Length) < (long)tokens * used)
            throw new ArgumentException($"{places.Length} places and {weights.Length} weights are too few for {tokens} tokens of {used} rows.", nameof(places));
        var y = x.Compute.Rent(tokens, x.Columns);
        RowKernels.Run(x.Compute, tokens, x.Columns * used, new Kernel(x, used, places, weights, y));
        return y;
    }

    readonly struct Kernel(Tensor x, int used, int[] places, float[] weights, Tensor y) : IRowKernel
    {
        public void Reference(int row) => Scalar(row, 0);

        public void Portable<TLanes>(int row)
            where TLanes : struct, ILanes<TLanes>
        {
            var to = y.RowPointer(row);
            var i = 0;
            for (; i <= y.Columns - TLanes.Count; i += TLanes.Count)
            {
                var sum = TLanes.Create(0);
                for (var k = row * used; k < (row + 1) * used; k++) sum += TLanes.Create(weights[k]) * TLanes.Load(x.RowPointer(places[k]) + i);
                sum.Store(to + i);
            }

            Scalar(row, i);
        }

        void Scalar(int row, int i)
        {
            var to = y.RowPointer(row);
            for (; i < y.Columns; i++)
            {
                var sum = 0f;
                for (var k = row * used; k < (row + 1) * used; k++) sum += weights[k] * x.RowPointer(places[k])[i];
                to[i] = sum;
            }
        }
    }
}
