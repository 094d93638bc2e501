using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Homegrown.Kernels.Quant;

/// <summary>
/// -1, 0 or 1 in 2 bits, for models trained so (BitNet b1.58): w = d * (code - 1). A block of 66 bytes holds 256 values:
/// <code>
/// 0    codes  256 x 2 bits (<see cref="TwoBits"/>)
/// 64   d      half
/// </code>
/// </summary>
public readonly struct TQ2_0 : ICodedFormat
{
    const int ScaleAt = 64;

    public static TensorType Type => TensorType.TQ2_0;

    public static int BlockSize => SuperBlock.Size;

    public static int BlockBytes => 66;

    public static int Bits => 2;

    public static int Bias => Ternary.Zero;

    public static bool HasMin => false;

    public static bool SplitScales => false;

    public static PanelScales? Panels => PanelScales.Blocks;

    public static int HalvesAt => ScaleAt;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Codes(ref readonly byte block, int part) => TwoBits.Codes(in block, 0, part).AsSByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales(ref readonly byte block, int part, out float low, out float high, out float min)
        => (low, min) = (high = Blocks.Half(in block, ScaleAt), 0);

    public static void Dequantize(ReadOnlySpan<byte> blocks, Span<float> values) => Blocks.Dequantize<TQ2_0>(blocks, values);

    /// <remarks>Importance makes no difference.</remarks>
    public static void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> blocks)
    {
        Span<byte> codes = stackalloc byte[BlockSize];
        var count = Blocks.Count<TQ2_0>(values, importance, blocks);
        for (var b = 0; b < count; b++)
        {
            var block = blocks.Slice(b * BlockBytes, BlockBytes);
            Blocks.WriteHalf(block[ScaleAt..], Ternary.Fit(values.Slice(b * BlockSize, BlockSize), codes));
            TwoBits.Write(codes, block);
        }
    }
}
