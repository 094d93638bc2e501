using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>
/// Products of codes with few tokens, where reading the weights is the work: eight rows side by side straight from their stored
/// form, a row to a lane, so that no sum crosses lanes. While eight rows are multiplied, the next eight are fetched.
/// </summary>
static unsafe class RowProducts<TFormat>
    where TFormat : struct, ICodedFormat
{
    const int Rows = 8, CacheLine = 64;

    /// <summary>What the first cache level can take of the next rows without losing the present ones, measured: a quarter of it.</summary>
    const int FirstLevelBytes = 8 << 10;

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
    static Vector256<float> Dot(byte* rows, nint rowBytes, float* scales, float* mins, short* x, PartScale* xScales, int blocks)
    {
        var sums = Vector256<float>.Zero;
        var ahead = rows + (Rows * rowBytes);
        var toFirstLevel = Rows * rowBytes <= FirstLevelBytes;
        for (; blocks > 0; blocks--, rows += TFormat.BlockBytes)
        {
            // Every row's blocks of this place are one stretch of the next rows, one row after the other.
            for (var line = 0; line < Rows * TFormat.BlockBytes; line += CacheLine)
            {
                if (toFirstLevel) Sse.Prefetch0(ahead + line);
                else Sse.Prefetch1(ahead + line);
            }

            ahead += Rows * TFormat.BlockBytes;
            for (var part = 0; part < TFormat.BlockSize / Blocks.PartSize; part++, x += Blocks.PartSize, xScales++, mins += Rows)
            {
                TFormat.Turned(rows, rowBytes, part, out var e0, out var e1, out var e2, out var e3, out var e4, out var e5, out var e6, out var e7);
                var low = Products(e0, x) + Products(e1, x + 2) + (Products(e2, x + 4) + Products(e3, x + 6));
                var high = Products(e4, x + 8) + Products(e5, x + 10) + (Products(e6, x + 12) + Products(e7, x + 14));
                sums = TFormat.SplitScales
                    ? PartSum<TFormat, Lanes256, Vector256<float>>.AddHalves(
                        sums, Vector256.ConvertToSingle(low), Vector256.ConvertToSingle(high), xScales, scales, mins)
                    : PartSum<TFormat, Lanes256, Vector256<float>>.Add(sums, Vector256.ConvertToSingle(low + high), xScales, scales, mins);
                scales += Strip<TFormat>.PerPart * Rows;
            }
        }

        return sums;
    }

    /// <summary>Four codes of each row times those of the token: the pair of even columns at x, of odd ones half a part on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> Products(Vector256<int> codes, short* x)
    {
        var (even, odd) = (TFormat.Bits == 8 ? Lanes256.EvenBytes(codes) : Lanes256.EvenCodes(codes), Lanes256.OddBytes(codes));
        var products = Avx2.MultiplyAddAdjacent(even.AsInt16(), Lanes256.Broadcast(x).AsInt16());
        return Lanes256.AddProducts(products, odd, Lanes256.Broadcast(x + QuantizedRows.Odd));
    }
}
