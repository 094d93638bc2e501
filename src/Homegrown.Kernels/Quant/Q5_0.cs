using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Homegrown.Kernels.Quant;

/// <summary>
/// 5 bits, centred: w = d * (code - 16). A block of 22 bytes holds 32 values:
/// <code>
/// 0   d      half
/// 2   fifth  32 x 1 bit
/// 6   codes  32 x 4 bits (<see cref="PackedBits"/>)
/// </code>
/// </summary>
public readonly struct Q5_0 : ICodedFormat
{
    const int Half = 16, FifthAt = 2, CodesAt = 6;

    public static TensorType Type => TensorType.Q5_0;

    public static int BlockSize => 32;

    public static int BlockBytes => 22;

    public static int Bits => 5;

    public static int Bias => Half;

    public static bool HasMin => false;

    public static PanelScales? Panels => PanelScales.Halves;

    public static bool SplitScales => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Codes(ref readonly byte block, int part)
    {
        var fifth = PackedBits.Spread(Blocks.Read<uint>(in block, FifthAt)) & Vector256.Create((byte)16);
        return (PackedBits.Nibbles(in block, CodesAt) | fifth).AsSByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales(ref readonly byte block, int part, out float low, out float high, out float min)
        => (low, min) = (high = Blocks.Half(in block, 0), 0);

    public static void Dequantize(ReadOnlySpan<byte> blocks, Span<float> values) => Blocks.Dequantize<Q5_0>(blocks, values);

    public static void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> blocks)
    {
        var fit = new SmallBlockFit(values, importance);
        Span<byte> codes = stackalloc byte[BlockSize];
        var count = Blocks.Count<Q5_0>(values, importance, blocks);
        for (var b = 0; b < count; b++)
        {
            var block = blocks.Slice(b * BlockBytes, BlockBytes);
            Blocks.WriteHalf(block, fit.Centred(b, Half, codes));
            PackedBits.WriteFifth(codes, block[FifthAt..]);
            PackedBits.WriteNibbles(codes, block[CodesAt..]);
        }
    }
}
