using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Homegrown.Kernels.Quant;

/// <summary>
/// -1, 0 or 1 in 1.6 bits, for models trained so (BitNet b1.58): w = d * (code - 1). Five codes of 0 to 2 are the digits of a number
/// below 243, the first code the highest digit. A byte keeps it as a fraction of 256, rounded up: digit n is then the whole part of
/// 3 * (byte * 3^n mod 256) / 256. A block of 54 bytes holds 256 values:
/// <code>
/// 0    32 bytes: digit n of byte j is the code of value 32n + j
/// 32   16 bytes: digit n of byte j is the code of value 160 + 16n + j
/// 48   4 bytes: digit n (of four) of byte j is the code of value 240 + 4n + j
/// 52   d  half
/// </code>
/// </summary>
public readonly struct TQ1_0 : ICodedFormat
{
    const int SecondAt = 32, ThirdAt = 48, ScaleAt = 52, Digits = 243;

    public static TensorType Type => TensorType.TQ1_0;

    public static int BlockSize => SuperBlock.Size;

    public static int BlockBytes => 54;

    public static int Bits => 2;

    public static int Bias => Ternary.Zero;

    public static bool HasMin => false;

    public static bool SplitScales => false;

    static ReadOnlySpan<byte> Powers => [1, 3, 9, 27, 81];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Codes(ref readonly byte block, int part)
    {
        if (part < 5) return Digit(Blocks.Read<Vector256<byte>>(in block, 0), Vector256.Create(Powers[part]));
        var second = Blocks.Read<Vector128<byte>>(in block, SecondAt);
        var n = 2 * (part - 5);
        return n < 4
            ? Digit(Vector256.Create(second, second), Vector256.Create(Vector128.Create(Powers[n]), Vector128.Create(Powers[n + 1])))
            : Digit(
                Vector256.Create(second, Vector128.Create(Blocks.Read<uint>(in block, ThirdAt)).AsByte()),
                Vector256.Create(Vector128.Create(Powers[4]), Vector128.Create(0x01010101u, 0x03030303, 0x09090909, 0x1B1B1B1B).AsByte()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<sbyte> Digit(Vector256<byte> packed, Vector256<byte> powers)
    {
        var (low, high) = Vector256.Widen(packed);
        var (lowPower, highPower) = Vector256.Widen(powers);
        var fraction = Vector256.Create((ushort)255);
        low = (((low * lowPower) & fraction) * 3) >>> 8;
        high = (((high * highPower) & fraction) * 3) >>> 8;
        return Vector256.Narrow(low, high).AsSByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales(ref readonly byte block, int part, out float low, out float high, out float min)
        => (low, min) = (high = Blocks.Half(in block, ScaleAt), 0);

    public static void Dequantize(ReadOnlySpan<byte> blocks, Span<float> values) => Blocks.Dequantize<TQ1_0>(blocks, values);

    /// <remarks>Importance makes no difference.</remarks>
    public static void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> blocks)
    {
        Span<byte> codes = stackalloc byte[BlockSize];
        var count = Blocks.Count<TQ1_0>(values, importance, blocks);
        for (var b = 0; b < count; b++)
        {
            var block = blocks.Slice(b * BlockBytes, BlockBytes);
            Blocks.WriteHalf(block[ScaleAt..], Ternary.Fit(values.Slice(b * BlockSize, BlockSize), codes));
            for (var j = 0; j < SecondAt; j++) block[j] = Pack(codes[j..], 32, 5);
            for (var j = 0; j < ThirdAt - SecondAt; j++) block[SecondAt + j] = Pack(codes[(160 + j)..], 16, 5);
            for (var j = 0; j < ScaleAt - ThirdAt; j++) block[ThirdAt + j] = Pack(codes[(240 + j)..], 4, 4);
        }
    }

    /// <summary>The byte of some codes that lie <paramref name="stride"/> apart.</summary>
    static byte Pack(ReadOnlySpan<byte> codes, int stride, int count)
    {
        var number = 0;
        for (var n = 0; n < Powers.Length; n++) number = (3 * number) + (n < count ? codes[n * stride] : 0);
        return (byte)(((number * 256) + Digits - 1) / Digits);
    }
}
