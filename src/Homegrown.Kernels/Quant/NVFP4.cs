using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Homegrown.Kernels.Quant;

/// <summary>
/// Floats of 4 bits with a scale of 8 bits for every 16: w = s[g] * value. A block of 36 bytes holds 64 values:
/// <code>
/// 0   s       4 x 8 bits (E4M3 without sign: exponent biased by 7; 127 is 0)
/// 4   values  4 x 8 bytes: byte j of group g holds value j in its low and j + 8 in its high nibble (<see cref="Fp4"/>)
/// </code>
/// </summary>
/// <remarks>The scale of the whole tensor that some files bring is a tensor of its own.</remarks>
public readonly struct NVFP4 : ICodedFormat
{
    const int CodesAt = 4, Group = 16, Groups = 4;
    const int FractionBits = 3, ExponentBias = 7, TopCode = 126, NotANumber = 127, SignlessBits = 127;   // of the scales; 126 is 448

    public static TensorType Type => TensorType.NVFP4;

    public static int BlockSize => 64;

    public static int BlockBytes => 36;

    public static int Bits => 8;

    public static int Bias => 0;

    public static bool HasMin => false;

    public static bool SplitScales => true;

    public static PanelScales? Panels => PanelScales.SmallFloats;

    public static bool HasLevels => true;

    public static Vector128<sbyte> Levels => Fp4.Table;

    /// <summary>Without signs, and 127 as the 0 that it stands for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<sbyte> Factors(ref readonly byte block)
    {
        var codes = Vector128.CreateScalar(Blocks.Read<uint>(in block, 0)).AsSByte();
        return Vector128.AndNot(codes, Vector128.Equals(codes, Vector128.Create((sbyte)NotANumber))) & Vector128.Create((sbyte)SignlessBits);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Numbers(ref readonly byte block, int part)
    {
        var packed = Blocks.Read<Vector128<ulong>>(in block, CodesAt + (part * Group));   // two groups
        var nibbles = Vector256.Create(packed[0], packed[0] >> 4, packed[1], packed[1] >> 4);
        return nibbles.AsByte() & Vector256.Create((byte)15);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Codes(ref readonly byte block, int part) => Fp4.Decode(Numbers(in block, part));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales(ref readonly byte block, int part, out float low, out float high, out float min)
    {
        low = HalfScale(Blocks.Read<byte>(in block, 2 * part));
        high = HalfScale(Blocks.Read<byte>(in block, (2 * part) + 1));
        min = 0;
    }

    /// <summary>Half the scale, because the codes are doubled.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static float HalfScale(byte code)
    {
        if (code == NotANumber) return 0;
        // Exponent and fraction at their places in a float; the product with a power of two moves the bias, and makes subnormals right.
        var rebias = BitConverter.Int32BitsToSingle((127 + 127 - ExponentBias - 1) << 23);
        return BitConverter.Int32BitsToSingle((code & SignlessBits) << (23 - FractionBits)) * rebias;
    }

    /// <summary>The nearest scale for <paramref name="value"/>, at least 0.</summary>
    static byte Scale(float value)
    {
        const float subnormal = 1f / 512, normal = 1f / 64;   // the smallest scales of either kind
        if (!(value > 0)) return 0;
        if (value < normal) return (byte)Math.Min((value / subnormal) + 0.5f, (1 << FractionBits) - 1);
        var half = 1 << (22 - FractionBits);
        var code = ((BitConverter.SingleToInt32Bits(value) + half) >> (23 - FractionBits)) - ((127 - ExponentBias) << FractionBits);
        return (byte)(code < 15 << FractionBits ? code : TopCode);   // llama.cpp takes all of the last exponent for its top
    }

    public static void Dequantize(ReadOnlySpan<byte> blocks, Span<float> values) => Blocks.Dequantize<NVFP4>(blocks, values);

    /// <remarks>The peak of a group becomes the largest value; importance makes no difference.</remarks>
    public static void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> blocks)
    {
        Span<byte> codes = stackalloc byte[Group];
        var count = Blocks.Count<NVFP4>(values, importance, blocks);
        for (var b = 0; b < count; b++)
        {
            var block = blocks.Slice(b * BlockBytes, BlockBytes);
            for (var g = 0; g < Groups; g++)
            {
                var x = values.Slice((b * BlockSize) + (g * Group), Group);
                block[g] = Scale(MathF.Abs(LeastSquares.Peak(x)) / Fp4.Largest);
                Fp4.Encode(x, HalfScale(block[g]), codes);
                for (var j = 0; j < Group / 2; j++) block[CodesAt + (g * Group / 2) + j] = (byte)(codes[j] | (codes[j + (Group / 2)] << 4));
            }
        }
    }
}
