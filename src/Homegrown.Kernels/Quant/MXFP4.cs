using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Homegrown.Kernels.Quant;

/// <summary>
/// Floats of 4 bits with a power of two (OCP MX 1.0): w = 2^(e - 127) * value. A block of 17 bytes holds 32 values:
/// <code>
/// 0   e       8 bits (E8M0; 255 is NaN)
/// 1   values  32 x 4 bits (<see cref="Fp4"/>, <see cref="PackedBits"/>)
/// </code>
/// </summary>
public readonly struct MXFP4 : ICodedFormat
{
    const int CodesAt = 1, ExponentBias = 127, NotANumber = 255;

    /// <summary>Exponent of the largest 4-bit float.</summary>
    const int TopExponent = 2;

    public static TensorType Type => TensorType.MXFP4;

    public static int BlockSize => 32;

    public static int BlockBytes => 17;

    public static int Bits => 8;

    public static int Bias => 0;

    public static bool HasMin => false;

    public static bool SplitScales => false;

    public static PanelScales? Panels => PanelScales.Exponents;

    public static bool HasLevels => true;

    public static Vector128<sbyte> Levels => Fp4.Table;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<sbyte> Factors(ref readonly byte block) => Vector128.CreateScalar(Blocks.Read<sbyte>(in block, 0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Numbers(ref readonly byte block, int part) => PackedBits.Nibbles(in block, CodesAt);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Codes(ref readonly byte block, int part) => Fp4.Decode(Numbers(in block, part));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales(ref readonly byte block, int part, out float low, out float high, out float min)
        => (low, min) = (high = HalfScale(Blocks.Read<byte>(in block, 0)), 0);

    /// <summary>2^(e - 128): half the scale, because the codes are doubled.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static float HalfScale(byte e)
        // Below 2 it is a subnormal float.
        => e == NotANumber ? float.NaN : BitConverter.Int32BitsToSingle(e < 2 ? 0x200000 << e : (e - 1) << 23);

    public static void Dequantize(ReadOnlySpan<byte> blocks, Span<float> values) => Blocks.Dequantize<MXFP4>(blocks, values);

    /// <remarks>The peak's exponent is the block's; importance makes no difference. An infinity makes the block NaN.</remarks>
    public static void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> blocks)
    {
        Span<byte> codes = stackalloc byte[BlockSize];
        var count = Blocks.Count<MXFP4>(values, importance, blocks);
        for (var b = 0; b < count; b++)
        {
            var x = values.Slice(b * BlockSize, BlockSize);
            var block = blocks.Slice(b * BlockBytes, BlockBytes);
            var peak = MathF.Abs(LeastSquares.Peak(x));
            block[0] = float.IsInfinity(peak) ? (byte)NotANumber
                : peak > 0 ? (byte)Math.Clamp((int)MathF.Floor(MathF.Log2(peak)) - TopExponent + ExponentBias, 0, NotANumber - 1)
                : (byte)0;
            Fp4.Encode(x, HalfScale(block[0]), codes);
            PackedBits.WriteNibbles(codes, block[CodesAt..]);
        }
    }
}
