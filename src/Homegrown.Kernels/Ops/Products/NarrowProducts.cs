using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>
/// Products of codes in vectors of 128 bits, on any processor, from rows as they are stored. The codes of a row are unpacked once
/// for all tokens; a token's output is one vector of partial sums, half after half, and the minima's share beside it.
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
            for (var t = 0; t < operands.Tokens; t++) operands.Y.RowPointer(t)[column + r] = Dot(codes, scales, operands.Quantized.Row(t), parts);
        }
    }

    /// <summary>A row's codes without bias, [columns], and of each part the scales and minima of its halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Unpack(ReadOnlySpan<byte> row, sbyte* codes, Vector128<float>* scales)
    {
        for (var at = 0; at < row.Length; at += TFormat.BlockBytes)
        {
            for (var part = 0; part < TFormat.BlockSize / Blocks.PartSize; part++, codes += Blocks.PartSize, scales++)
            {
                (TFormat.Codes(in row[at], part) - Vector256.Create((sbyte)TFormat.Bias)).Store(codes);
                TFormat.Scales(in row[at], part, out var low, out var high, out var min);
                *scales = Vector128.Create(low, high, min, TFormat.HasMin && TFormat.SplitScales ? TFormat.SecondMin(in row[at], part) : 0);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static float Dot(sbyte* w, Vector128<float>* scales, PartCodes* x, int parts)
    {
        var (sums, min) = (Vector128<float>.Zero, 0f);
        for (; parts > 0; parts--, w += Blocks.PartSize, x++, scales++)
        {
            sums = Add(sums, w, x->Codes, *scales * x->Scale);
            if (TFormat.HasMin) min = MathF.FusedMultiplyAdd((*scales)[2], TFormat.SplitScales ? x->FirstSum : x->Sum, min);
            if (TFormat.HasMin && TFormat.SplitScales) min = MathF.FusedMultiplyAdd((*scales)[3], x->SecondSum, min);
            if (x->HasRest != 0) sums = Add(sums, w, x->Rests, *scales * x->RestScale);
        }

        return Vector128.Sum(sums) + min;
    }

    /// <summary>The 32 products of a part, half after half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<float> Add(Vector128<float> sums, sbyte* w, sbyte* x, Vector128<float> scales)
    {
        var (first, second) = (Multiply(Vector128.Load(w), Vector128.Load(x)), Multiply(Vector128.Load(w + 16), Vector128.Load(x + 16)));
        sums = Vector128.FusedMultiplyAdd(Vector128.ConvertToSingle(first), Vector128.Create(scales[0]), sums);
        return Vector128.FusedMultiplyAdd(Vector128.ConvertToSingle(second), Vector128.Create(scales[1]), sums);
    }

    /// <summary>16 products in four sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<int> Multiply(Vector128<sbyte> w, Vector128<sbyte> x)
    {
        if (Dp.IsSupported) return Dp.DotProduct(Vector128<int>.Zero, w, x);
        var ((a, b), (c, d)) = (Vector128.Widen(w), Vector128.Widen(x));
        if (Sse2.IsSupported) return Sse2.MultiplyAddAdjacent(a, c) + Sse2.MultiplyAddAdjacent(b, d);
        var (low, high) = (Vector128.Widen(a * c), Vector128.Widen(b * d));   // 127 * 128 fits 16 bits
        return low.Lower + low.Upper + (high.Lower + high.Upper);
    }
}
