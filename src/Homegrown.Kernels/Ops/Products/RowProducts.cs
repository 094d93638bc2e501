using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>
/// Products of codes with few tokens, where reading the weights is the work: four rows side by side, straight from their stored
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
    static Vector128<float> Dot(in FourRows rows, float* scales, float* mins, short* x, PartScale* xScales, int blocks)
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
        Vector128<float> sums, byte* a, byte* b, byte* c, byte* d, int part, short* x, PartScale* xScales, float* scales, float* mins)
    {
        // Four sums of four products for each row and half; the additions leave [a, b, c, d] of the low, then of the high half.
        var even = Vector256.Load(x + (part * Blocks.PartSize));
        var odd = Vector256.Load(x + (part * Blocks.PartSize) + QuantizedRows.Odd);
        var dots = Avx2.HorizontalAdd(
            Avx2.HorizontalAdd(Products(TFormat.Codes(in *a, part), even, odd), Products(TFormat.Codes(in *b, part), even, odd)),
            Avx2.HorizontalAdd(Products(TFormat.Codes(in *c, part), even, odd), Products(TFormat.Codes(in *d, part), even, odd)));
        var (low, high) = (dots.GetLower(), dots.GetUpper());
        return TFormat.SplitScales
            ? PartSum<TFormat, Lanes128, Vector128<float>>.AddHalves(
                sums, Vector128.ConvertToSingle(low), Vector128.ConvertToSingle(high), xScales + part, scales + (2 * part * Rows), mins + (part * Rows))
            : PartSum<TFormat, Lanes128, Vector128<float>>.Add(
                sums, Vector128.ConvertToSingle(low + high), xScales + part, scales + (part * Rows), mins + (part * Rows));
    }

    /// <summary>Products of 32 codes, neighbours of a parity added: sums 0 to 3 are of the first 16 codes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> Products(Vector256<sbyte> w, Vector256<short> even, Vector256<short> odd)
    {
        var pairs = w.AsInt16();
        var evenCodes = TFormat.Bits == 8 ? (pairs << 8) >> 8 : pairs & Vector256.Create((short)0xFF);
        return Avx2.MultiplyAddAdjacent(evenCodes, even) + Avx2.MultiplyAddAdjacent(pairs >> 8, odd);
    }
}
