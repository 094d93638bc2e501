namespace Homegrown.Kernels.Ops;

/// <summary>Which two numbers of a head turn together. Files do not say: it belongs to the architecture.</summary>
public enum RopePairing
{
    /// <summary>2i and 2i + 1 (the paper's, GPT-J's; Llama's GGUF).</summary>
    Adjacent,

    /// <summary>i and i + dims / 2 (GPT-NeoX', Hugging Face's; Qwen).</summary>
    Halves,
}

/// <summary>Rotary positions (Su et al. 2021, arXiv 2104.09864).</summary>
public static unsafe class Rope
{
    /// <summary>
    /// Cosines and sines of each row: [rows, 2 * frequencies.Length], cosines first, of position * frequency (radians), times
    /// <paramref name="magnitude"/> (YaRN's attention factor, otherwise 1). Made once a step and used by every layer.
    /// </summary>
    public static Tensor Rotations(Compute compute, ReadOnlySpan<int> positions, ReadOnlySpan<double> frequencies, float magnitude)
    {
        var n = frequencies.Length;
        var rotations = compute.Rent(positions.Length, 2 * n);
        for (var row = 0; row < positions.Length; row++)
        {
            var values = rotations.Row(row);
            for (var i = 0; i < n; i++)
            {
                var (sin, cos) = Math.SinCos(positions[row] * frequencies[i]);
                (values[i], values[n + i]) = ((float)cos * magnitude, (float)sin * magnitude);
            }
        }

        return rotations;
    }

    /// <summary>
    /// Turns the first 2 * frequencies of every head of x, [rows, heads * headDim], in place; the rest of a head stays. Of the last head no
    /// more than these need be there: a slice that begins within a head turns numbers within every head.
    /// </summary>
    /// <exception cref="ArgumentException">x is no whole number of heads, or the rotations do not fit a head or the rows.</exception>
    public static void Rotate(Tensor x, int headDim, Tensor rotations, RopePairing pairing)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(headDim);
        if (x.Columns % headDim is > 0 and var rest && rest < rotations.Columns) throw new ArgumentException($"{x.Columns} columns are no heads of {headDim}.", nameof(x));
        if (rotations.Rows != x.Rows || rotations.Columns % 2 != 0 || rotations.Columns > headDim)
            throw new ArgumentException(
                $"Rotations [{rotations.Rows}, {rotations.Columns}] do not fit {x.Rows} rows of heads of {headDim}.", nameof(rotations));
        if (pairing == RopePairing.Halves) RowKernels.Run(x.Compute, x.Rows, x.Columns, new Halves(x, headDim, rotations));
        else RowKernels.Run(x.Compute, x.Rows, x.Columns, new Adjacent(x, headDim, rotations));
    }

    /// <summary>(u, v) by the angle whose cosine and sine are given.</summary>
    static (float U, float V) Turn(float u, float v, float cos, float sin) => ((u * cos) - (v * sin), (u * sin) + (v * cos));

    readonly struct Halves(Tensor x, int headDim, Tensor rotations) : IRowKernel
    {
        public void Reference(int row) => Scalar(row, 0);

        public void Portable<TLanes>(int row)
            where TLanes : struct, ILanes<TLanes>
        {
            float* values = x.RowPointer(row), turns = rotations.RowPointer(row);
            var (n, i) = (rotations.Columns / 2, 0);
            for (; i <= n - TLanes.Count; i += TLanes.Count)
            {
                var (cos, sin) = (TLanes.Load(turns + i), TLanes.Load(turns + n + i));
                for (var head = values + i; head < values + x.Columns; head += headDim)
                {
                    var (u, v) = (TLanes.Load(head), TLanes.Load(head + n));
                    ((u * cos) - (v * sin)).Store(head);
                    ((u * sin) + (v * cos)).Store(head + n);
                }
            }

            Scalar(row, i);
        }

        void Scalar(int row, int first)
        {
            float* values = x.RowPointer(row), turns = rotations.RowPointer(row);
            var n = rotations.Columns / 2;
            for (var head = values; head < values + x.Columns; head += headDim)
                for (var i = first; i < n; i++) (head[i], head[n + i]) = Turn(head[i], head[n + i], turns[i], turns[n + i]);
        }
    }

    readonly struct Adjacent(Tensor x, int headDim, Tensor rotations) : IRowKernel
    {
        public void Reference(int row) => Scalar(row, 0);

        // [u0, v0, u1, v1, ...] * [cos0, cos0, ...] + [v0, u0, v1, u1, ...] * [-sin0, sin0, ...]: a vector holds half as many pairs.
        public void Portable<TLanes>(int row)
            where TLanes : struct, ILanes<TLanes>
        {
            float* values = x.RowPointer(row), turns = rotations.RowPointer(row);
            var (n, i) = (rotations.Columns / 2, 0);
            var pairs = TLanes.Count / 2;
            float* c = stackalloc float[TLanes.Count], s = stackalloc float[TLanes.Count];
            for (; i <= n - pairs; i += pairs)
            {
                for (var j = 0; j < pairs; j++)
                {
                    c[2 * j] = c[(2 * j) + 1] = turns[i + j];
                    (s[2 * j], s[(2 * j) + 1]) = (-turns[n + i + j], turns[n + i + j]);
                }

                var (cos, sin) = (TLanes.Load(c), TLanes.Load(s));
                for (var pair = values + (2 * i); pair < values + x.Columns; pair += headDim)
                {
                    var uv = TLanes.Load(pair);
                    ((uv * cos) + (TLanes.SwapPairs(uv) * sin)).Store(pair);
                }
            }

            Scalar(row, i);
        }

        void Scalar(int row, int first)
        {
            float* values = x.RowPointer(row), turns = rotations.RowPointer(row);
            var n = rotations.Columns / 2;
            for (var head = values; head < values + x.Columns; head += headDim)
                for (var i = first; i < n; i++)
                    (head[2 * i], head[(2 * i) + 1]) = Turn(head[2 * i], head[(2 * i) + 1], turns[i], turns[n + i]);
        }
    }
}
