using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>
/// 8-bit products with few tokens, where reading the weights is the work: eight rows side by side straight from their stored form,
/// a row to a lane. Eight streams keep the memory busy, and no sum crosses lanes.
/// </summary>
static unsafe class RowProducts<TFormat>
    where TFormat : struct, ICodedFormat
{
    const int Rows = 8, CacheLine = 64;

    internal static void Run(in Operands operands, Weight w, int first, int count, int column)
    {
        var strip = new Strip<TFormat>(Scratch.Take(Strip<TFormat>.Bytes(w, Rows)), w, Rows);
        var sums = stackalloc float[Rows];
        for (var r = 0; r < count; r += Rows)
        {
            var rows = Math.Min(Rows, count - r);
            var data = strip.Fill(w, first + r, rows);
            for (var t = 0; t < operands.Tokens; t++)
            {
                Dot(data, (nint)w.RowBytes, strip.Scales, strip.Mins, operands.Quantized.Codes(t), operands.Quantized.Scales(t), w.Columns / TFormat.BlockSize).Store(sums);
                new ReadOnlySpan<float>(sums, rows).CopyTo(new(operands.Y.RowPointer(t) + column + r, rows));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static Vector256<float> Dot(byte* rows, nint rowBytes, float* scales, float* mins, sbyte* x, PartScales* xScales, int blocks)
    {
        var sums = Vector256<float>.Zero;
        var ahead = rows + (Rows * rowBytes);
        for (; blocks > 0; blocks--, rows += TFormat.BlockBytes)
        {
            for (var line = 0; line < Rows * TFormat.BlockBytes; line += CacheLine) Sse.Prefetch0(ahead + line);
            ahead += Rows * TFormat.BlockBytes;
            for (var part = 0; part < TFormat.BlockSize / Blocks.PartSize; part++, x += Blocks.PartSize, xScales++, mins += Rows)
            {
                TFormat.Turned(rows, rowBytes, part, out var e0, out var e1, out var e2, out var e3, out var e4, out var e5, out var e6, out var e7);
                var (low, high) = (Dots(e0, e1, e2, e3, x), Dots(e4, e5, e6, e7, x + QuantizedRows.Group));
                sums = PartSum<TFormat, Lanes256, Vector256<float>>.Add(sums, low, high, xScales, scales, mins);
                scales += Strip<TFormat>.PerPart * Rows;
            }
        }

        return sums;
    }

    /// <summary>Dots of 16 codes of each row, four to an element, with those of the token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> Dots(Vector256<int> e0, Vector256<int> e1, Vector256<int> e2, Vector256<int> e3, sbyte* x)
    {
        Vector256<int> dots;
        if (AvxVnni.IsSupported)
        {
            dots = Add(Add(Add(Add(Vector256<int>.Zero, e0, x), e1, x + 4), e2, x + 8), e3, x + 12);
        }
        else if (TFormat.Bits == 8)
        {
            dots = Pairs(Products(e0, x)) + Pairs(Products(e1, x + 4)) + Pairs(Products(e2, x + 8)) + Pairs(Products(e3, x + 12));
        }
        else
        {
            // What adds up in 16 bits: see PanelProducts.
            var (first, second) = (Products(e0, x) + Products(e1, x + 4), Products(e2, x + 8) + Products(e3, x + 12));
            dots = TFormat.Bits <= 5 ? Pairs(first + second) : Pairs(first) + Pairs(second);
        }

        return Vector256.ConvertToSingle(dots);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> Add(Vector256<int> sum, Vector256<int> codes, sbyte* x)
    {
        var (unsigned, signed) = Signs(codes, x);
        return AvxVnni.MultiplyWideningAndAdd(sum, unsigned, signed);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<short> Products(Vector256<int> codes, sbyte* x)
    {
        var (unsigned, signed) = Signs(codes, x);
        return Avx2.MultiplyAddAdjacent(unsigned, signed);
    }

    /// <summary>The products want one side without sign: signed codes give theirs to the activations.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static (Vector256<byte> Unsigned, Vector256<sbyte> Signed) Signs(Vector256<int> codes, sbyte* x)
    {
        var token = Vector256.Create(*(int*)x).AsSByte();
        return TFormat.Bits == 8 ? (Avx2.Abs(codes.AsSByte()), Avx2.Sign(token, codes.AsSByte())) : (codes.AsByte(), token);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> Pairs(Vector256<short> sums) => Avx2.MultiplyAddAdjacent(sums, Vector256<short>.One);
}
