using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Homegrown.Kernels.Quant;

/// <summary>
/// 3 bits, centred, in super-blocks of 256 with a scale for every 16: w = d * (s[g] - 32) * (code - 4). A block of 110 bytes:
/// <code>
/// 0    high   32 bytes: bit p of byte j is the upper bit of code j of part p
/// 32   low    256 x 2 bits (<see cref="TwoBits"/>)
/// 96   s      8 bytes: bits 0-3 the lower four bits of s[0..7], bits 4-7 those of s[8..15]
/// 104         4 bytes: bits 2r and 2r + 1 of byte c are the upper two bits of s[4r + c]
/// 108  d      half
/// </code>
/// </summary>
public readonly struct Q3_K : ICodedFormat
{
    const int Half = 4, LowAt = 32, ScalesAt = 96, ScalesHighAt = 104, ScaleAt = 108, Group = 16, Groups = 16, ScaleHalf = 32;

    public static TensorType Type => TensorType.Q3_K;

    public static int BlockSize => SuperBlock.Size;

    public static int BlockBytes => 110;

    public static int Bits => 3;

    public static int Bias => Half;

    public static bool HasMin => false;

    public static PanelScales? Panels => PanelScales.SuperBlocks;

    public static int HalvesAt => ScaleAt;

    public static bool SplitScales => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<sbyte> Factors(ref readonly byte block)
    {
        var (low, high) = (Blocks.Read<ulong>(in block, ScalesAt), Blocks.Read<uint>(in block, ScalesHighAt));
        var lower = Vector128.Create(low, low >> 4).AsByte() & Vector128.Create((byte)15);
        var upper = Vector128.Create(high, high >> 2, high >> 4, high >> 6).AsByte() & Vector128.Create((byte)3);
        return (lower | (upper.AsUInt16() << 4).AsByte()).AsSByte() - Vector128.Create((sbyte)ScaleHalf);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Codes(ref readonly byte block, int part)
    {
        var high = (Blocks.Read<Vector256<ushort>>(in block, 0) >>> part).AsByte() & Vector256.Create((byte)1);
        return (TwoBits.Codes(in block, LowAt, part) | (high.AsUInt16() << 2).AsByte()).AsSByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales(ref readonly byte block, int part, out float low, out float high, out float min)
    {
        var scale = Blocks.Half(in block, ScaleAt);
        low = scale * Scale(in block, 2 * part);
        high = scale * Scale(in block, (2 * part) + 1);
        min = 0;
    }

    /// <summary>s[g] - 32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int Scale(ref readonly byte block, int g)
    {
        var low = (Blocks.Read<byte>(in block, ScalesAt + (g & 7)) >> (4 * (g >> 3))) & 15;
        var high = (Blocks.Read<byte>(in block, ScalesHighAt + (g & 3)) >> (2 * (g >> 2))) & 3;
        return (low | (high << 4)) - ScaleHalf;
    }

    public static void Dequantize(ReadOnlySpan<byte> blocks, Span<float> values) => Blocks.Dequantize<Q3_K>(blocks, values);

    public static void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> blocks)
    {
        Span<byte> codes = stackalloc byte[BlockSize];
        var count = Blocks.Count<Q3_K>(values, importance, blocks);
        for (var b = 0; b < count; b++)
        {
            var columns = (b * BlockSize)..((b + 1) * BlockSize);
            var block = blocks.Slice(b * BlockBytes, BlockBytes);
            block.Clear();
            Fit(values[columns], importance.IsEmpty ? [] : importance[columns], block, codes);
            TwoBits.Write(codes, block[LowAt..]);
            for (var i = 0; i < codes.Length; i++) block[i % 32] |= (byte)(codes[i] >> 2 << (i / 32));
        }
    }

    /// <summary>Fits each group by itself, rounds their scales to 6 bits, and chooses the codes anew.</summary>
    static void Fit(ReadOnlySpan<float> x, ReadOnlySpan<float> importance, Span<byte> block, Span<byte> codes)
    {
        Span<float> weights = stackalloc float[Group], totals = stackalloc float[Groups], scales = stackalloc float[Groups];
        var energy = 2 * LeastSquares.SumOfSquares(x) / BlockSize;
        for (var g = 0; g < Groups; g++)
        {
            var values = x.Slice(g * Group, Group);
            var own = codes.Slice(g * Group, Group);
            for (var i = 0; i < Group; i++)
                weights[i] = importance.IsEmpty ? values[i] * values[i] : LeastSquares.Weight(importance[(g * Group) + i], energy, values[i]);
            foreach (var weight in weights) totals[g] += weight;
            scales[g] = importance.IsEmpty ? LeastSquares.Descend(values, weights, Half, own) : LeastSquares.Centred(values, weights, Half, own);
        }

        Span<byte> s = stackalloc byte[Groups];
        Blocks.WriteHalf(block[ScaleAt..], importance.IsEmpty ? Round(scales, s) : LeastSquares.Centred(scales, totals, ScaleHalf, s));
        for (var g = 0; g < Groups; g++)
        {
            block[ScalesAt + (g & 7)] |= (byte)((s[g] & 15) << (4 * (g >> 3)));
            block[ScalesHighAt + (g & 3)] |= (byte)(s[g] >> 4 << (2 * (g >> 2)));
        }

        for (var i = 0; i < codes.Length; i++)
        {
            var scale = Blocks.Half(in block[0], ScaleAt) * Scale(in block[0], i / Group);
            if (scale != 0) codes[i] = (byte)(Math.Clamp(LeastSquares.Nearest(x[i] / scale), -Half, Half - 1) + Half);
        }
    }

    /// <summary>Rounds scales to 6 bits, the largest to -32; returns the factor they share. All zeros stay zero codes.</summary>
    static float Round(ReadOnlySpan<float> scales, Span<byte> codes)
    {
        var peak = LeastSquares.Peak(scales);
        if (peak == 0) return 0;
        var inverse = -ScaleHalf / peak;
        for (var g = 0; g < codes.Length; g++)
            codes[g] = (byte)(Math.Clamp(LeastSquares.Nearest(inverse * scales[g]), -ScaleHalf, ScaleHalf - 1) + ScaleHalf);
        return 1 / inverse;
    }
}
