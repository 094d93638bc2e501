using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Homegrown.Kernels.Quant.Codebooks;

/// <summary>
/// -1, 0 or 1 as points of eight values, shifted by an eighth, in super-blocks of 256 with a scale for every 16 and a shift for every
/// 8: w = d * (2 s[g] + 1) * (value + shift[k]). A block of 56 bytes:
/// <code>
/// 0    low   32 bytes: the lower eight bits of the indices of points of eight values
/// 32   high  32 x 4 bits, the lower nibble first: the upper three bits of an index; the fourth is set where its shift is -1/8
/// 48   s     4 x 16 bits: bits 3r to 3r + 2 of word q are s[4q + r], bits 12 to 15 are bits 4q to 4q + 3 of d, a half
/// </code>
/// </summary>
public readonly struct IQ1_M : ICodedFormat
{
    const int HighAt = 32, ScalesAt = 48, Group = 16, Groups = 16, ScaleTop = 7;

    /// <summary>What was found to lower the error.</summary>
    const float Correction = 1.1125f;

    static readonly TernarySplit Split = new(Group, halves: 2, negligible: 1e-7f);

    public static TensorType Type => TensorType.IQ1_M;

    public static int BlockSize => SuperBlock.Size;

    public static int BlockBytes => 56;

    public static int Bits => 8;

    public static int Bias => 0;

    public static bool HasMin => false;

    public static bool SplitScales => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Codes(ref readonly byte block, int part)
    {
        var (low, high) = (Blocks.Read<uint>(in block, 4 * part), (uint)Blocks.Read<ushort>(in block, HighAt + (2 * part)));
        var points = IQ1_S.Points;
        var values = Vector256.Create(
            points[(low & 255) | ((high & 0x7) << 8)], points[((low >> 8) & 255) | ((high & 0x70) << 4)],
            points[((low >> 16) & 255) | (high & 0x700)], points[(low >> 24) | ((high & 0x7000) >> 4)]);
        var shifts = Vector256.Create(Shift(high >> 3), Shift(high >> 7), Shift(high >> 11), Shift(high >> 15));
        return values.AsSByte() + shifts.AsSByte();
    }

    /// <summary>Eight times 1, or -1 where the lowest bit is set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static ulong Shift(uint minus) => (minus & 1) == 0 ? 0x0101010101010101 : ulong.MaxValue;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales(ref readonly byte block, int part, out float low, out float high, out float min)
    {
        var words = Blocks.Read<ulong>(in block, ScalesAt);
        var half = ((words >> 12) & 0xF) | ((words >> 24) & 0xF0) | ((words >> 36) & 0xF00) | ((words >> 48) & 0xF000);
        var codes = (int)(words >> ((16 * (part >> 1)) + (6 * (part & 1))));
        var scale = F16.ToSingle((ushort)half);
        low = scale * ((2 * (codes & ScaleTop)) + 1) * 0.125f;
        high = scale * ((2 * ((codes >> 3) & ScaleTop)) + 1) * 0.125f;
        min = 0;
    }

    public static void Dequantize(ReadOnlySpan<byte> blocks, Span<float> values) => Blocks.Dequantize<IQ1_M>(blocks, values);

    public static void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> blocks)
    {
        var count = Blocks.Count<IQ1_M>(values, importance, blocks);
        for (var b = 0; b < count; b++)
        {
            var columns = (b * BlockSize)..((b + 1) * BlockSize);
            Fit(values[columns], importance.IsEmpty ? [] : importance[columns], blocks.Slice(b * BlockBytes, BlockBytes));
        }
    }

    /// <summary>Fits each group by itself, rounds their scales to 3 bits, and takes the scale that is best for all.</summary>
    static void Fit(ReadOnlySpan<float> x, ReadOnlySpan<float> importance, Span<byte> block)
    {
        Span<float> weights = stackalloc float[BlockSize], scales = stackalloc float[Groups];
        Span<ushort> points = stackalloc ushort[2 * Groups];
        Span<byte> minus = stackalloc byte[Groups];
        var energy = 2 * LeastSquares.SumOfSquares(x) / BlockSize;
        for (var i = 0; i < weights.Length; i++)
            weights[i] = importance.IsEmpty ? x[i] * x[i] : LeastSquares.Weight(importance[i], energy, x[i]);
        var max = 0f;
        for (var g = 0; g < Groups; g++)
        {
            var own = (g * Group)..((g + 1) * Group);
            scales[g] = Split.Fit(x[own], weights[own], points.Slice(2 * g, 2), out var bits);
            minus[g] = (byte)bits;
            if (scales[g] > max) max = scales[g];
        }

        block.Clear();
        if (max == 0) return;
        var scale = max / ((2 * ScaleTop) + 1);
        var inverse = 1 / scale;
        var (words, cross, square) = (0UL, 0f, 0f);
        for (var g = 0; g < Groups; g++)
        {
            var code = Math.Clamp(LeastSquares.Nearest(0.5f * ((inverse * scales[g]) - 1)), 0, ScaleTop);
            words |= (ulong)code << ((16 * (g / 4)) + (3 * (g % 4)));
            var pair = points.Slice(2 * g, 2);
            for (var i = 0; i < Group; i++)
            {
                var (weight, value) = (weights[(g * Group) + i], Split.Value(pair, minus[g], i) * ((2 * code) + 1));
                cross += weight * value * x[(g * Group) + i];
                square += weight * value * value;
            }

            for (var k = 0; k < 2; k++)
            {
                block[(2 * g) + k] = (byte)pair[k];
                block[HighAt + g] |= (byte)(((pair[k] >> 8) | (((minus[g] >> k) & 1) << 3)) << (4 * k));
            }
        }

        if (square > 0) scale = cross / square;
        ulong half = F16.FromSingle(scale * Correction);
        words |= ((half & 0xF) << 12) | ((half & 0xF0) << 24) | ((half & 0xF00) << 36) | ((half & 0xF000) << 48);
        MemoryMarshal.Write(block[ScalesAt..], words);
    }
}
