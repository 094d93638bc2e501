using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>
/// Products of codes in vectors of 128 bits, on any processor. The codes of a row are unpacked once for all tokens; a token's
/// output is one vector of partial sums, half after half, and the minima's share beside it.
/// </summary>
static unsafe class NarrowProducts<TFormat>
    where TFormat : struct, ICodedFormat
{
    internal static void Run(in Operands operands, Weight w, int first, int count, int column)
    {
        var parts = w.Columns / Blocks.PartSize;
        var codes = (sbyte*)Scratch.Take(w.Columns + ((long)parts * sizeof(Vector128<float>)));
        var scales = (Vector128<float>*)(codes + w.Columns);
        for (var r = 0; r < count; r++)
        {
            Unpack(w.Row(first + r), codes, scales);
            for (var t = 0; t < operands.Tokens; t++)
                operands.Y.RowPointer(t)[column + r] = Dot(codes, scales, operands.Quantized.Codes(t), operands.Quantized.Scales(t), parts);
        }
    }

    /// <summary>A row's codes without bias, [columns], and of each part the scales of its halves and the minimum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Unpack(ReadOnlySpan<byte> row, sbyte* codes, Vector128<float>* scales)
    {
        for (var at = 0; at < row.Length; at += TFormat.BlockBytes)
        {
            for (var part = 0; part < TFormat.BlockSize / Blocks.PartSize; part++, codes += Blocks.PartSize, scales++)
            {
                (TFormat.Codes(in row[at], part) - Vector256.Create((sbyte)TFormat.Bias)).Store(codes);
                TFormat.Scales(in row[at], part, out var low, out var high, out var min);
                *scales = Vector128.Create(low, high, min, 0);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static float Dot(sbyte* w, Vector128<float>* scales, short* x, PartScale* xScales, int parts)
    {
        var (sums, min) = (Vector128<float>.Zero, 0f);
        for (var p = 0; p < parts; p++, w += Blocks.PartSize, x += Blocks.PartSize)
        {
            sums = Add(sums, Vector128.Load(w), x, scales[p][0] * xScales[p].Scale);
            sums = Add(sums, Vector128.Load(w + 16), x + 8, scales[p][1] * xScales[p].Scale);
            if (TFormat.HasMin) min = MathF.FusedMultiplyAdd(scales[p][2], xScales[p].Sum, min);
        }

        return Vector128.Sum(sums) + min;
    }

    /// <summary>16 codes, and as many activations: the even ones at x, the odd ones a half part on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<float> Add(Vector128<float> sums, Vector128<sbyte> w, short* x, float scale)
    {
        var pairs = w.AsInt16();
        var dots = Multiply((pairs << 8) >> 8, Vector128.Load(x)) + Multiply(pairs >> 8, Vector128.Load(x + QuantizedRows.Odd));
        return Vector128.FusedMultiplyAdd(Vector128.ConvertToSingle(dots), Vector128.Create(scale), sums);
    }

    /// <summary>Eight products in four sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<int> Multiply(Vector128<short> w, Vector128<short> x)
    {
        if (Sse2.IsSupported) return Sse2.MultiplyAddAdjacent(w, x);
        if (AdvSimd.IsSupported)
            return AdvSimd.MultiplyWideningUpperAndAdd(AdvSimd.MultiplyWideningLower(w.GetLower(), x.GetLower()), w, x);
        var (wLow, wHigh) = Vector128.Widen(w);
        var (xLow, xHigh) = Vector128.Widen(x);
        return (wLow * xLow) + (wHigh * xHigh);
    }
}
