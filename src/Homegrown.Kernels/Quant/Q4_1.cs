using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Homegrown.Kernels.Quant;

/// <summary>
/// 4 bits with a minimum: w = d * code + m. A block of 20 bytes holds 32 values:
/// <code>
/// 0   d      half
/// 2   m      half
/// 4   codes  32 x 4 bits (<see cref="PackedBits"/>)
/// </code>
/// </summary>
public readonly struct Q4_1 : ICodedFormat
{
    const int MinAt = 2, CodesAt = 4;

    public static TensorType Type => TensorType.Q4_1;

    public static int BlockSize => 32;

    public static int BlockBytes => 20;

    public static int Bits => 4;

    public static int Bias => 0;

    public static bool HasMin => true;

    public static PanelScales? Panels => PanelScales.Halves;

    public static bool SplitScales => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Codes(ref readonly byte block, int part) => PackedBits.Nibbles(in block, CodesAt).AsSByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales(ref readonly byte block, int part, out float low, out float high, out float min)
        => (low, min) = (high = Blocks.Half(in block, 0), Blocks.Half(in block, MinAt));

    public static void Dequantize(ReadOnlySpan<byte> blocks, Span<float> values) => Blocks.Dequantize<Q4_1>(blocks, values);

    public static void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> blocks)
    {
        var fit = new SmallBlockFit(values, importance);
        Span<byte> codes = stackalloc byte[BlockSize];
        var count = Blocks.Count<Q4_1>(values, importance, blocks);
        for (var b = 0; b < count; b++)
        {
            var block = blocks.Slice(b * BlockBytes, BlockBytes);
            var (scale, min) = fit.WithMin(b, 15, codes);
            Blocks.WriteHalf(block, scale);
            Blocks.WriteHalf(block[MinAt..], min);
            PackedBits.WriteNibbles(codes, block[CodesAt..]);
        }
    }
}
