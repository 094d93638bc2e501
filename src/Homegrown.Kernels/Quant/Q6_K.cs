using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Homegrown.Kernels.Quant;

/// <summary>
/// 6 bits, centred, in super-blocks of 256 with a scale for every 16: w = d * s[i / 16] * (code - 32). A block of 210 bytes, in
/// two halves h of 128 values, each of four parts k of 32:
/// <code>
/// 0    low     2 x 64 bytes: byte j of half h holds the low four bits of code j of part 0 (low nibble) and part 2 (high nibble),
///              byte 32 + j those of parts 1 and 3
/// 128  high    2 x 32 bytes: bits 2k and 2k + 1 of byte j of half h are the upper two bits of code j of part k
/// 192  s       16 x 8 bits, signed
/// 208  d       half
/// </code>
/// </summary>
public readonly struct Q6_K : ICodedFormat
{
    const int Half = 32, HighAt = 128, ScalesAt = 192, ScaleAt = 208, Group = 16;
    const float Negligible = 1e-15f;   // scales below it count as zero

    public static TensorType Type => TensorType.Q6_K;

    public static int BlockSize => SuperBlock.Size;

    public static int BlockBytes => 210;

    public static int Bits => 6;

    public static int Bias => Half;

    public static bool HasMin => false;

    public static PanelScales? Panels => PanelScales.SuperBlocks;

    public static bool SplitScales => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Codes(ref readonly byte block, int part)
    {
        var (half, k) = (part >> 2, part & 3);
        var low = (Blocks.Read<Vector256<ushort>>(in block, (half * 64) + ((k & 1) * 32)) >>> (2 * (k & 2))).AsByte() & Vector256.Create((byte)15);
        var high = (Blocks.Read<Vector256<ushort>>(in block, HighAt + (half * 32)) >>> (2 * k)).AsByte() & Vector256.Create((byte)3);
        return (low | (high.AsUInt16() << 4).AsByte()).AsSByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales(ref readonly byte block, int part, out float low, out float high, out float min)
    {
        var scale = Blocks.Half(in block, ScaleAt);
        low = scale * Blocks.Read<sbyte>(in block, ScalesAt + (2 * part));
        high = scale * Blocks.Read<sbyte>(in block, ScalesAt + (2 * part) + 1);
        min = 0;
    }

    public static int HalvesAt => ScaleAt;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<sbyte> Factors(ref readonly byte block) => Blocks.Read<Vector128<sbyte>>(in block, ScalesAt);

    public static void Dequantize(ReadOnlySpan<byte> blocks, Span<float> values) => Blocks.Dequantize<Q6_K>(blocks, values);

    public static void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> blocks)
    {
        Span<byte> codes = stackalloc byte[BlockSize];
        var count = Blocks.Count<Q6_K>(values, importance, blocks);
        for (var b = 0; b < count; b++)
        {
            var columns = (b * BlockSize)..((b + 1) * BlockSize);
            var block = blocks.Slice(b * BlockBytes, BlockBytes);
            block.Clear();
            if (Fit(values[columns], importance.IsEmpty ? [] : importance[columns], block, codes)) Pack(codes, block);
        }
    }

    /// <summary>
    /// Fits each group of 16 by itself, rounds their scales to 8 bits (the largest to -128), and chooses the codes anew. False where
    /// all is zero.
    /// </summary>
    static bool Fit(ReadOnlySpan<float> x, ReadOnlySpan<float> importance, Span<byte> block, Span<byte> codes)
    {
        Span<float> scales = stackalloc float[BlockSize / Group], squares = stackalloc float[Group];
        for (var g = 0; g < scales.Length; g++)
        {
            var values = x.Slice(g * Group, Group);
            for (var i = 0; i < Group; i++) squares[i] = values[i] * values[i];
            scales[g] = LeastSquares.Centred(
                values, importance.IsEmpty ? squares : importance.Slice(g * Group, Group), Half, codes.Slice(g * Group, Group));
        }

        var peak = LeastSquares.Peak(scales);
        if (MathF.Abs(peak) < Negligible) return false;
        var inverse = -128 / peak;
        Blocks.WriteHalf(block[ScaleAt..], 1 / inverse);
        for (var g = 0; g < scales.Length; g++)
            block[ScalesAt + g] = (byte)Math.Clamp(LeastSquares.Nearest(inverse * scales[g]), -128, 127);
        for (var i = 0; i < codes.Length; i++)
        {
            var scale = Blocks.Half(in block[0], ScaleAt) * (sbyte)block[ScalesAt + (i / Group)];
            if (scale != 0) codes[i] = (byte)(Math.Clamp(LeastSquares.Nearest(x[i] / scale), -Half, Half - 1) + Half);
        }

        return true;
    }

    static void Pack(ReadOnlySpan<byte> codes, Span<byte> block)
    {
        for (var i = 0; i < codes.Length; i++)
        {
            var (half, k, j) = (i / 128, i / 32 % 4, i % 32);
            block[(half * 64) + ((k & 1) * 32) + j] |= (byte)((codes[i] & 15) << (2 * (k & 2)));
            block[HighAt + (half * 32) + j] |= (byte)(codes[i] >> 4 << (2 * k));
        }
    }
}
