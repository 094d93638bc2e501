using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Homegrown.Kernels.Quant;

/// <summary>
/// 5 bits with a minimum: w = d * code + m. A block of 24 bytes holds 32 values:
/// <code>
/// 0   d      half
/// 2   m      half
/// 4   fifth  32 x 1 bit
/// 8   codes  32 x 4 bits (<see cref="PackedBits"/>)
/// </code>
/// </summary>
public readonly struct Q5_1 : ICodedFormat
{
    const int MinAt = 2, FifthAt = 4, CodesAt = 8;

    public static TensorType Type => TensorType.Q5_1;

    public static int BlockSize => 32;

    public static int BlockBytes => 24;

    public static int Bits => 5;

    public static int Bias => 0;

    public static bool HasMin => true;

    public static bool SplitScales => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Codes(ref readonly byte block, int part)
    {
        var fifth = PackedBits.Spread(Blocks.Read<uint>(in block, FifthAt)) & Vector256.Create((byte)16);
        return (PackedBits.Nibbles(in block, CodesAt) | fifth).AsSByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales(ref readonly byte block, int part, out float low, out float high, out float min)
        => (low, min) = (high = Blocks.Half(in block, 0), Blocks.Half(in block, MinAt));

    public static unsafe void Scales(byte* rows, nint rowBytes, int blocks, float* scales, float* mins, int stride)
        => EightRows.Scales<Q5_1>(rows, rowBytes, blocks, scales, mins, stride);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Turned(
        byte* block, nint rowBytes, int part,
        out Vector256<int> e0, out Vector256<int> e1, out Vector256<int> e2, out Vector256<int> e3,
        out Vector256<int> e4, out Vector256<int> e5, out Vector256<int> e6, out Vector256<int> e7)
    {
        EightRows.Nibbles(block + CodesAt, rowBytes, out e0, out e1, out e2, out e3, out e4, out e5, out e6, out e7);
        EightRows.AddFifth(block + FifthAt, rowBytes, ref e0, ref e1, ref e2, ref e3, ref e4, ref e5, ref e6, ref e7);
    }

    public static void Dequantize(ReadOnlySpan<byte> blocks, Span<float> values) => Blocks.Dequantize<Q5_1>(blocks, values);

    public static void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> blocks)
    {
        var fit = new SmallBlockFit(values, importance);
        Span<byte> codes = stackalloc byte[BlockSize];
        var count = Blocks.Count<Q5_1>(values, importance, blocks);
        for (var b = 0; b < count; b++)
        {
            var block = blocks.Slice(b * BlockBytes, BlockBytes);
            var (scale, min) = fit.WithMin(b, 31, codes);
            Blocks.WriteHalf(block, scale);
            Blocks.WriteHalf(block[MinAt..], min);
            PackedBits.WriteFifth(codes, block[FifthAt..]);
            PackedBits.WriteNibbles(codes, block[CodesAt..]);
        }
    }
}
