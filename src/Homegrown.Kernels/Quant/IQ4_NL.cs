using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Homegrown.Kernels.Quant;

/// <summary>
/// 4 bits with uneven levels: w = d * level[code]. A block of 18 bytes holds 32 values:
/// <code>
/// 0   d      half
/// 2   codes  32 x 4 bits (<see cref="PackedBits"/>), of levels in <see cref="NonLinear"/>
/// </code>
/// </summary>
public readonly struct IQ4_NL : ICodedFormat
{
    const int CodesAt = 2;

    public static TensorType Type => TensorType.IQ4_NL;

    public static int BlockSize => 32;

    public static int BlockBytes => 18;

    public static int Bits => 8;

    public static int Bias => 0;

    public static bool HasMin => false;

    public static bool SplitScales => false;

    public static PanelScales? Panels => PanelScales.Halves;

    public static bool HasLevels => true;

    public static Vector128<sbyte> Levels => NonLinear.Table;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Numbers(ref readonly byte block, int part) => PackedBits.Nibbles(in block, CodesAt);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Codes(ref readonly byte block, int part) => NonLinear.Decode(Numbers(in block, part));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales(ref readonly byte block, int part, out float low, out float high, out float min)
        => (low, min) = (high = Blocks.Half(in block, 0), 0);

    public static void Dequantize(ReadOnlySpan<byte> blocks, Span<float> values) => Blocks.Dequantize<IQ4_NL>(blocks, values);

    public static void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> blocks)
    {
        Span<byte> codes = stackalloc byte[BlockSize];
        var count = Blocks.Count<IQ4_NL>(values, importance, blocks);
        for (var b = 0; b < count; b++)
        {
            var columns = (b * BlockSize)..((b + 1) * BlockSize);
            var x = values[columns];
            var block = blocks.Slice(b * BlockBytes, BlockBytes);
            var scale = NonLinear.Fit(x, importance.IsEmpty ? [] : importance[columns], 2 * LeastSquares.SumOfSquares(x) / BlockSize);
            NonLinear.Encode(x, scale, codes);
            Blocks.WriteHalf(block, scale);
            PackedBits.WriteNibbles(codes, block[CodesAt..]);
        }
    }
}
