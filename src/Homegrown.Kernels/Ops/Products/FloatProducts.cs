using System.Runtime.CompilerServices;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>
/// Products in float32. Weights of other formats are decoded to float a strip of rows at a time, once for all tokens; a tile of
/// four rows by four tokens then reads each number once for four multiplications. Every output is the sum of its own vector of
/// partial sums in order of the columns, whichever tile computes it.
/// </summary>
static unsafe class FloatProducts<TLanes, TFloats>
    where TLanes : struct, IFloatLanes<TFloats>
    where TFloats : struct
{
    /// <summary>Rows decoded at once: at some thousand columns they stay in the second cache level.</summary>
    const int Strip = 16;

    /// <summary>Rows, and tokens, of a tile: 16 sums and 8 operands fit 32 registers.</summary>
    const int Tile = 4;

    internal static void Run(in Operands operands, Weight w, int first, int count, int column)
    {
        // Rows start on cache lines.
        var stride = (w.Columns + 15) & ~15;
        for (var r = 0; r < count; r += Strip)
        {
            var rows = Math.Min(Strip, count - r);
            if (w.Type == TensorType.F32)
            {
                Multiply(operands, (float*)(w.Data + ((first + r) * w.RowBytes)), w.Columns, rows, column + r);
                continue;
            }

            var values = (float*)Scratch.Take((long)Strip * stride * sizeof(float));
            for (var i = 0; i < rows; i++) w.Dequantize(first + r + i, new(values + (i * stride), w.Columns));
            Multiply(operands, values, stride, rows, column + r);
        }
    }

    static void Multiply(in Operands operands, float* w, int stride, int rows, int column)
    {
        for (var t = 0; t < operands.Tokens;)
        {
            var tokens = operands.Tokens - t >= Tile ? Tile : 1;
            var x = operands.X.RowPointer(t);
            var y = operands.Y.RowPointer(t) + column;
            for (var r = 0; r < rows; r += Tile)
            {
                var strip = new FourRows(w + ((long)r * stride), stride, rows - r);
                if (tokens == 1) One(strip, x, operands.X.Columns, y + r);
                else Four(strip, x, operands.X.Stride, operands.X.Columns, y + r, operands.Y.Stride);
            }

            t += tokens;
        }
    }

    /// <summary>Four rows of weights; where the matrix ends earlier, the last one again.</summary>
    readonly struct FourRows(float* w, long stride, int rows)
    {
        public readonly int Rows = Math.Min(rows, Tile);
        public readonly float* A = w, B = w + (rows > 1 ? stride : 0), C = w + (Math.Min(rows - 1, 2) * stride), D = w + (Math.Min(rows - 1, 3) * stride);
    }

    /// <summary>The partial sums of four rows for one token. Four fields: as many as the JIT keeps in registers.</summary>
    struct Sums
    {
        TFloats a, b, c, d;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add(TFloats wa, TFloats wb, TFloats wc, TFloats wd, TFloats x)
        {
            a = TLanes.MultiplyAdd(wa, x, a);
            b = TLanes.MultiplyAdd(wb, x, b);
            c = TLanes.MultiplyAdd(wc, x, c);
            d = TLanes.MultiplyAdd(wd, x, d);
        }

        /// <summary>Adds the columns from <paramref name="from"/> on, too few for a vector, and writes the sums.</summary>
        public readonly void Store(in FourRows w, float* x, int from, int columns, float* y)
        {
            y[0] = Tail(TLanes.Sum(a), w.A, x, from, columns);
            if (w.Rows > 1) y[1] = Tail(TLanes.Sum(b), w.B, x, from, columns);
            if (w.Rows > 2) y[2] = Tail(TLanes.Sum(c), w.C, x, from, columns);
            if (w.Rows > 3) y[3] = Tail(TLanes.Sum(d), w.D, x, from, columns);
        }

        static float Tail(float sum, float* w, float* x, int from, int columns)
        {
            for (var c = from; c < columns; c++) sum = MathF.FusedMultiplyAdd(w[c], x[c], sum);
            return sum;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void One(in FourRows w, float* x, int columns, float* y)
    {
        var wa = w.A;
        var wb = w.B;
        var wc = w.C;
        var wd = w.D;
        var (sums, c) = (default(Sums), 0);
        for (; c <= columns - TLanes.Count; c += TLanes.Count)
            sums.Add(TLanes.Load(wa + c), TLanes.Load(wb + c), TLanes.Load(wc + c), TLanes.Load(wd + c), TLanes.Load(x + c));
        sums.Store(w, x, c, columns, y);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Four(in FourRows w, float* x0, long xStride, int columns, float* y, long yStride)
    {
        var wa = w.A;
        var wb = w.B;
        var wc = w.C;
        var wd = w.D;
        var x1 = x0 + xStride;
        var x2 = x0 + (2 * xStride);
        var x3 = x0 + (3 * xStride);
        var (sums0, sums1, sums2, sums3, c) = (default(Sums), default(Sums), default(Sums), default(Sums), 0);
        for (; c <= columns - TLanes.Count; c += TLanes.Count)
        {
            var (a, b, d, e) = (TLanes.Load(wa + c), TLanes.Load(wb + c), TLanes.Load(wc + c), TLanes.Load(wd + c));
            sums0.Add(a, b, d, e, TLanes.Load(x0 + c));
            sums1.Add(a, b, d, e, TLanes.Load(x1 + c));
            sums2.Add(a, b, d, e, TLanes.Load(x2 + c));
            sums3.Add(a, b, d, e, TLanes.Load(x3 + c));
        }

        sums0.Store(w, x0, c, columns, y);
        sums1.Store(w, x1, c, columns, y + yStride);
        sums2.Store(w, x2, c, columns, y + (2 * yStride));
        sums3.Store(w, x3, c, columns, y + (3 * yStride));
    }
}
