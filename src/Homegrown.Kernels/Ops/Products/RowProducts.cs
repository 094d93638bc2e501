using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>
/// 8-bit products with few tokens, where reading the weights is the work: four rows side by side, straight from their stored
/// form. Four streams keep the memory busy, and the sums of four rows share their last steps in a vector with a row to a lane.
/// </summary>
static unsafe class RowProducts<TFormat>
    where TFormat : struct, ICodedFormat
{
    const int Rows = 4;

    internal static void Run(in Operands operands, Weight w, int first, int count, int column)
    {
        var parts = w.Columns / Blocks.PartSize;
        var scales = new StripScales<TFormat>(Scratch.Take(StripScales<TFormat>.Bytes(parts, Rows)), parts, Rows);
        for (var r = 0; r < count; r += Rows)
        {
            var rows = new FourRows(w.Data + ((first + r) * w.RowBytes), w.RowBytes, count - r);
            scales.Fill(rows.A, w.RowBytes, count - r);
            for (var t = 0; t < operands.Tokens; t++)
            {
                var sums = Dot(rows, scales.Scales, scales.Mins, operands.Quantized.Codes(t), operands.Quantized.Scales(t), w.Columns / TFormat.BlockSize);
                var y = operands.Y.RowPointer(t) + column + r;
                if (count - r >= Rows) sums.Store(y);
                else for (var i = 0; i < count - r; i++) y[i] = sums[i];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static Vector128<float> Dot(in FourRows rows, float* scales, float* mins, sbyte* x, PartScales* xScales, int blocks)
    {
        var sums = Vector128<float>.Zero;
        var a = rows.A;
        var b = rows.B;
        var c = rows.C;
        var d = rows.D;
        for (; blocks > 0; blocks--)
        {
            // With a constant part, what the format does to find it folds away.
            sums = Part(sums, a, b, c, d, 0, x, xScales, scales, mins);
            if (TFormat.BlockSize > Blocks.PartSize)
            {
                sums = Part(sums, a, b, c, d, 1, x, xScales, scales, mins);
                sums = Part(sums, a, b, c, d, 2, x, xScales, scales, mins);
                sums = Part(sums, a, b, c, d, 3, x, xScales, scales, mins);
                sums = Part(sums, a, b, c, d, 4, x, xScales, scales, mins);
                sums = Part(sums, a, b, c, d, 5, x, xScales, scales, mins);
                sums = Part(sums, a, b, c, d, 6, x, xScales, scales, mins);
                sums = Part(sums, a, b, c, d, 7, x, xScales, scales, mins);
            }

            const int PartRows = Rows;
            var parts = TFormat.BlockSize / Blocks.PartSize;
            a = a + TFormat.BlockBytes;
            b = b + TFormat.BlockBytes;
            c = c + TFormat.BlockBytes;
            d = d + TFormat.BlockBytes;
            x = x + TFormat.BlockSize;
            xScales = xScales + parts;
            scales = scales + (TFormat.SplitScales ? 2 : 1) * parts * PartRows;
            mins = mins + (parts * PartRows);
        }

        return sums;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<float> Part(
        Vector128<float> sums, byte* a, byte* b, byte* c, byte* d, int part, sbyte* x, PartScales* xScales, float* scales, float* mins)
    {
        // Four sums of four products for each row and half; the additions leave [a, b, c, d] of the low, then of the high half.
        var codes = Vector256.Load(x + (part * Blocks.PartSize));
        var dots = Avx2.HorizontalAdd(
            Avx2.HorizontalAdd(Products(TFormat.Codes(in *a, part), codes), Products(TFormat.Codes(in *b, part), codes)),
            Avx2.HorizontalAdd(Products(TFormat.Codes(in *c, part), codes), Products(TFormat.Codes(in *d, part), codes)));
        var values = Vector256.ConvertToSingle(dots);
        return PartSum<TFormat, Lanes128, Vector128<float>>.Add(
            sums, values.GetLower(), values.GetUpper(), xScales + part, scales + ((TFormat.SplitScales ? 2 : 1) * part * Rows), mins + (part * Rows));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> Products(Vector256<sbyte> w, Vector256<sbyte> x)
    {
        // The product wants one side without sign: signed codes give theirs to the activations.
        var (unsigned, signed) = TFormat.Bits == 8 ? (Avx2.Abs(w), Avx2.Sign(x, w)) : (w.AsByte(), x);
        return AvxVnni.IsSupported
            ? AvxVnni.MultiplyWideningAndAdd(Vector256<int>.Zero, unsigned, signed)
            : Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(unsigned, signed), Vector256<short>.One);
    }
}
