using System.Runtime.CompilerServices;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>
/// Products in float32. Weights of other formats are decoded to float a strip of rows at a time, once for all tokens; a tile of
/// four rows by four tokens then reads each number once for four multiplications. For fewer tokens halves are decoded on the way. Every output is the sum of its own vector of
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
        var data = w.Data + (first * w.RowBytes);
        if (w.Type == TensorType.F32) Multiply<F32>(operands, data, w.RowBytes, count, column);
        else if (w.Type == TensorType.F16 && operands.Tokens < Tile) Multiply<F16>(operands, data, w.RowBytes, count, column);
        else if (w.Type == TensorType.BF16 && operands.Tokens < Tile) Multiply<BF16>(operands, data, w.RowBytes, count, column);
        else Decode(operands, w, first, count, column);
    }

    static void Decode(in Operands operands, Weight w, int first, int count, int column)
    {
        var stride = (w.Columns + 15) & ~15;   // rows start on cache lines
        var values = (float*)Scratch.Take((long)Strip * stride * sizeof(float));
        for (var r = 0; r < count; r += Strip)
        {
            var rows = Math.Min(Strip, count - r);
            for (var i = 0; i < rows; i++) w.Dequantize(first + r + i, new(values + (i * stride), w.Columns));
            Multiply<F32>(operands, (byte*)values, (long)stride * sizeof(float), rows, column + r);
        }
    }

    static void Multiply<TStored>(in Operands operands, byte* w, long rowBytes, int count, int column)
        where TStored : struct, IQuantFormat
    {
        // The tiles leave their sums in memory and call nothing: vectors that live across a call would be kept there all along.
        var partial = stackalloc float[Tile * Tile * TLanes.Count];
        for (var from = 0; from < count; from += Strip)
        {
            for (var t = 0; t < operands.Tokens;)
            {
                var tokens = operands.Tokens - t >= Tile ? Tile : 1;
                for (var r = from; r < Math.Min(from + Strip, count); r += Tile)
                {
                    var (rows, n) = (new FourRows(w + (r * rowBytes), rowBytes, count - r), Math.Min(count - r, Tile));
                    if (tokens == 1) One<TStored>(operands, rows, t, partial);
                    else Four<TStored>(operands, rows, t, partial);
                    for (var i = 0; i < tokens; i++)
                        Finish<TStored>(partial + (i * Tile * TLanes.Count), rows, n, operands.X.RowPointer(t + i), operands.X.Columns, operands.Y.RowPointer(t + i) + column + r);
                }

                t += tokens;
            }
        }
    }

    /// <summary>Four stored rows; where there are fewer, the last one again.</summary>
    readonly struct FourRows(byte* first, long rowBytes, int rows)
    {
        public readonly byte* A = first, B = first + (Math.Min(rows - 1, 1) * rowBytes);
        public readonly byte* C = first + (Math.Min(rows - 1, 2) * rowBytes), D = first + (Math.Min(rows - 1, 3) * rowBytes);

        public byte* this[int row] => row switch { 0 => A, 1 => B, 2 => C, _ => D };
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

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Store(float* to)
        {
            TLanes.Store(a, to);
            TLanes.Store(b, to + TLanes.Count);
            TLanes.Store(c, to + (2 * TLanes.Count));
            TLanes.Store(d, to + (3 * TLanes.Count));
        }
    }

    /// <summary>A token's outputs: the partial sums, [rows, lanes], and the last columns, too few for a vector.</summary>
    static void Finish<TStored>(float* partial, in FourRows w, int rows, float* x, int columns, float* y)
        where TStored : struct, IQuantFormat
    {
        for (var r = 0; r < rows; r++)
        {
            var sum = TLanes.Sum(TLanes.Load(partial + (r * TLanes.Count)));
            for (var c = columns - (columns % TLanes.Count); c < columns; c++) sum = MathF.FusedMultiplyAdd(Scalar<TStored>(w[r], c), x[c], sum);
            y[r] = sum;
        }
    }

    /// <summary>The weights of a row from column <paramref name="c"/> on, decoded in registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TFloats Load<TStored>(byte* w, int c)
        where TStored : struct, IQuantFormat
        => typeof(TStored) == typeof(F16) ? TLanes.LoadHalves(w + (2L * c))
            : typeof(TStored) == typeof(BF16) ? TLanes.LoadBrainFloats(w + (2L * c))
            : TLanes.Load((float*)w + c);

    static float Scalar<TStored>(byte* w, int c)
        where TStored : struct, IQuantFormat
        => typeof(TStored) == typeof(F16) ? F16.ToSingle(((ushort*)w)[c])
            : typeof(TStored) == typeof(BF16) ? BF16.ToSingle(((ushort*)w)[c])
            : ((float*)w)[c];

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void One<TStored>(in Operands operands, in FourRows w, int t, float* partial)
        where TStored : struct, IQuantFormat
    {
        byte* wa = w.A, wb = w.B, wc = w.C, wd = w.D;
        var x = operands.X.RowPointer(t);
        var (sums, columns, c) = (default(Sums), operands.X.Columns, 0);
        for (; c <= columns - TLanes.Count; c += TLanes.Count)
            sums.Add(Load<TStored>(wa, c), Load<TStored>(wb, c), Load<TStored>(wc, c), Load<TStored>(wd, c), TLanes.Load(x + c));
        sums.Store(partial);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Four<TStored>(in Operands operands, in FourRows w, int t, float* partial)
        where TStored : struct, IQuantFormat
    {
        byte* wa = w.A, wb = w.B, wc = w.C, wd = w.D;
        float* x0 = operands.X.RowPointer(t), x1 = operands.X.RowPointer(t + 1), x2 = operands.X.RowPointer(t + 2), x3 = operands.X.RowPointer(t + 3);
        var (sums0, sums1, sums2, sums3) = (default(Sums), default(Sums), default(Sums), default(Sums));
        var (columns, c) = (operands.X.Columns, 0);
        for (; c <= columns - TLanes.Count; c += TLanes.Count)
        {
            var (a, b) = (Load<TStored>(wa, c), Load<TStored>(wb, c));
            var (d, e) = (Load<TStored>(wc, c), Load<TStored>(wd, c));
            sums0.Add(a, b, d, e, TLanes.Load(x0 + c));
            sums1.Add(a, b, d, e, TLanes.Load(x1 + c));
            sums2.Add(a, b, d, e, TLanes.Load(x2 + c));
            sums3.Add(a, b, d, e, TLanes.Load(x3 + c));
        }

        sums0.Store(partial);
        sums1.Store(partial + (Tile * TLanes.Count));
        sums2.Store(partial + (2 * Tile * TLanes.Count));
        sums3.Store(partial + (3 * Tile * TLanes.Count));
    }
}
