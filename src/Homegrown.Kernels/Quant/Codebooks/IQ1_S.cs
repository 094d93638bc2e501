using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Homegrown.Kernels.Quant.Codebooks;

/// <summary>
/// -1, 0 or 1 as points of eight values, shifted by an eighth, in super-blocks of 256 with a scale and a shift for every 32:
/// w = d * (2 s[p] + 1) * (value + shift[p]). A block of 50 bytes:
/// <code>
/// 0    d     half
/// 2    low   32 bytes: the lower eight bits of the indices of points of eight values
/// 34   high  8 x 16 bits, of part p: bits 3k to 3k + 2 are the upper bits of index k, 12 to 14 s[p], 15 is set where the shift is -1/8
/// </code>
/// </summary>
public readonly struct IQ1_S : ICodedFormat
{
    const int LowAt = 2, HighAt = 34, PartPoints = 4, ScaleTop = 7;

    /// <summary>What was found to lower the error.</summary>
    const float Correction = 1.125f;

    static readonly TernarySplit Split = new(Blocks.PartSize, halves: 1, negligible: 1e-12f);

    public static TensorType Type => TensorType.IQ1_S;

    public static int BlockSize => SuperBlock.Size;

    public static int BlockBytes => 50;

    public static int Bits => 8;

    public static int Bias => 0;

    public static bool HasMin => false;

    public static bool SplitScales => false;

    public static bool NeedsImportance => true;

    /// <summary>The points in eighths, to which a shift of one is added.</summary>
    internal static readonly ulong[] Points = Codebook.Iq1.Decoded<ulong>(-8, 0, 8);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Codes(ref readonly byte block, int part)
    {
        var (low, high) = (Blocks.Read<uint>(in block, LowAt + (4 * part)), (uint)Blocks.Read<ushort>(in block, HighAt + (2 * part)));
        var values = Vector256.Create(
            Points[(low & 255) | ((high & 0x7) << 8)], Points[((low >> 8) & 255) | ((high & 0x38) << 5)],
            Points[((low >> 16) & 255) | ((high & 0x1C0) << 2)], Points[(low >> 24) | ((high & 0xE00) >> 1)]);
        return values.AsSByte() + Vector256.Create((sbyte)(1 - (int)((high >> 15) << 1)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales(ref readonly byte block, int part, out float low, out float high, out float min)
    {
        var code = (Blocks.Read<ushort>(in block, HighAt + (2 * part)) >> 12) & ScaleTop;
        low = Blocks.Half(in block, 0) * ((2 * code) + 1) * 0.125f;
        (high, min) = (low, 0);
    }

    public static void Dequantize(ReadOnlySpan<byte> blocks, Span<float> values) => Blocks.Dequantize<IQ1_S>(blocks, values);

    public static void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> blocks)
    {
        var count = Blocks.Count<IQ1_S>(values, importance, blocks);
        for (var b = 0; b < count; b++)
        {
            var columns = (b * BlockSize)..((b + 1) * BlockSize);
            Fit(values[columns], importance[columns], blocks.Slice(b * BlockBytes, BlockBytes));
        }
    }

    static void Fit(ReadOnlySpan<float> x, ReadOnlySpan<float> importance, Span<byte> block)
    {
        Span<float> weights = stackalloc float[Blocks.PartSize], scales = stackalloc float[SuperBlock.Parts];
        Span<ushort> points = stackalloc ushort[PartPoints];
        var energy = 2 * LeastSquares.SumOfSquares(x) / BlockSize;
        var max = 0f;
        block.Clear();
        for (var part = 0; part < SuperBlock.Parts; part++)
        {
            var first = part * Blocks.PartSize;
            for (var i = 0; i < weights.Length; i++) weights[i] = LeastSquares.Weight(importance[first + i], energy, x[first + i]);
            scales[part] = Split.Fit(x.Slice(first, Blocks.PartSize), weights, points, out var minus);
            if (scales[part] > max) max = scales[part];
            var high = minus << 15;
            for (var k = 0; k < PartPoints; k++)
            {
                block[LowAt + (PartPoints * part) + k] = (byte)points[k];
                high |= points[k] >> 8 << (3 * k);
            }

            MemoryMarshal.Write(block[(HighAt + (2 * part))..], (ushort)high);
        }

        if (max == 0)
        {
            block.Clear();
            return;
        }

        var scale = max / ((2 * ScaleTop) + 1);
        Blocks.WriteHalf(block, scale * Correction);
        for (var part = 0; part < SuperBlock.Parts; part++)
        {
            var code = Math.Clamp(LeastSquares.Nearest(0.5f * ((1 / scale * scales[part]) - 1)), 0, ScaleTop);
            block[HighAt + (2 * part) + 1] |= (byte)(code << 4);
        }
    }
}
