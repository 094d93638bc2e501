using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Homegrown.Kernels.Quant;

/// <summary>
/// 8 bits, centred: w = d * code. A block of 34 bytes holds 32 values:
/// <code>
/// 0   d      half
/// 2   codes  32 x 8 bits, signed
/// </code>
/// </summary>
public readonly struct Q8_0 : ICodedFormat
{
    const int CodesAt = 2;

    public static TensorType Type => TensorType.Q8_0;

    public static int BlockSize => 32;

    public static int BlockBytes => 34;

    public static int Bits => 8;

    public static int Bias => 0;

    public static bool HasMin => false;

    public static PanelScales? Panels => PanelScales.Halves;

    public static bool SplitScales => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Codes(ref readonly byte block, int part) => Blocks.Read<Vector256<sbyte>>(in block, CodesAt);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales(ref readonly byte block, int part, out float low, out float high, out float min)
        => (low, min) = (high = Blocks.Half(in block, 0), 0);

    public static void Dequantize(ReadOnlySpan<byte> blocks, Span<float> values) => Blocks.Dequantize<Q8_0>(blocks, values);

    /// <remarks>127 is the largest magnitude; importance makes no difference worth a search.</remarks>
    public static void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> blocks)
    {
        var count = Blocks.Count<Q8_0>(values, importance, blocks);
        for (var b = 0; b < count; b++)
        {
            var x = values.Slice(b * BlockSize, BlockSize);
            var block = blocks.Slice(b * BlockBytes, BlockBytes);
            var scale = MathF.Abs(LeastSquares.Peak(x)) / 127;
            var inverse = scale != 0 ? 1 / scale : 0;
            Blocks.WriteHalf(block, scale);
            for (var i = 0; i < x.Length; i++)
            {
                // A scale too small to divide by leaves no code (and is 0 as a half).
                var code = MathF.Round(x[i] * inverse, MidpointRounding.AwayFromZero);
                block[CodesAt + i] = (byte)(MathF.Abs(code) <= 127 ? (sbyte)code : 0);
            }
        }
    }
}
