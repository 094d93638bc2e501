using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Homegrown.Kernels.Quant;

/// <summary>
/// 1 bit: w = d or -d. A block of 18 bytes holds 128 values:
/// <code>
/// 0   d     half
/// 2   bits  bit j of byte i is that of value 8i + j: set for d
/// </code>
/// </summary>
public readonly struct Q1_0 : ICodedFormat
{
    const int BitsAt = 2;

    public static TensorType Type => TensorType.Q1_0;

    public static int BlockSize => 128;

    public static int BlockBytes => 18;

    /// <summary>The codes are 0 and 2.</summary>
    public static int Bits => 2;

    public static int Bias => 1;

    public static bool HasMin => false;

    public static bool SplitScales => false;

    public static PanelScales? Panels => PanelScales.Blocks;

    public static int FirstBit => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Codes(ref readonly byte block, int part)
        => (PackedBits.Spread(Blocks.Read<uint>(in block, BitsAt + (4 * part))) & Vector256.Create((byte)2)).AsSByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales(ref readonly byte block, int part, out float low, out float high, out float min)
        => (low, min) = (high = Blocks.Half(in block, 0), 0);

    public static void Dequantize(ReadOnlySpan<byte> blocks, Span<float> values) => Blocks.Dequantize<Q1_0>(blocks, values);

    /// <remarks>The scale is the mean magnitude; importance makes no difference.</remarks>
    public static void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> blocks)
    {
        var count = Blocks.Count<Q1_0>(values, importance, blocks);
        for (var b = 0; b < count; b++)
        {
            var block = blocks.Slice(b * BlockBytes, BlockBytes);
            block.Clear();
            var sum = 0f;
            for (var i = 0; i < BlockSize; i++)
            {
                var value = values[(b * BlockSize) + i];
                sum += MathF.Abs(value);
                if (value >= 0) block[BitsAt + (i / 8)] |= (byte)(1 << (i % 8));
            }

            Blocks.WriteHalf(block, sum / BlockSize);
        }
    }
}
