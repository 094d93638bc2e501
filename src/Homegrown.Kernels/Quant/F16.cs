using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Homegrown.Kernels.Quant;

/// <summary>IEEE 754 binary16: 1 bit sign, 5 bits exponent (bias 15), 10 bits fraction.</summary>
public readonly struct F16 : IQuantFormat
{
    internal const float Rebias = 5.192296858534828e33f;     // 2^112 = 2^(127 - 15)
    internal const float Moved = 1 / Rebias;        // what a half of 1 is when its bits are moved to a float's place
    internal const int MovedBits = unchecked((int)0x8FFFE000);   // the bits that a half has there, sign extended
    const int Infinity = 0x0F800000;                // a half's exponent of all ones, moved to a float's place
    const int FloatInfinity = 0x7F800000;
    const int Quiet = 0x00400000;

    public static TensorType Type => TensorType.F16;

    public static int BlockSize => 1;

    public static int BlockBytes => 2;

    /// <summary>
    /// Exact for every half; a signalling NaN becomes quiet. .NET 10 has no instruction for it and its own conversion takes
    /// about twenty: here the bits move to a float's place and one product by a power of two mends the exponent, subnormals
    /// included. Only infinities and NaN take the branch.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ToSingle(ushort half)
    {
        var bits = ((short)half << 13) & unchecked((int)0x8FFFE000);    // the sign was extended: the mask keeps one copy
        if ((bits & Infinity) != Infinity) return BitConverter.Int32BitsToSingle(bits) * Rebias;
        var special = BitConverter.Int32BitsToSingle(bits | FloatInfinity);
        return special + special;   // infinity stays, NaN becomes quiet; and no call for which a loop would spill its vectors
    }

    /// <summary>The nearest half, ties to even; beyond 65504 infinity.</summary>
    public static ushort FromSingle(float value) => BitConverter.HalfToUInt16Bits((Half)value);

    public static void Dequantize(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        _ = Blocks.Count<F16>(values.Length, blocks.Length);
        var halves = MemoryMarshal.Cast<byte, ushort>(blocks);
        var i = 0;
        for (; i <= halves.Length - Vector256<ushort>.Count; i += Vector256<ushort>.Count)
        {
            var (low, high) = Vector256.Widen(Vector256.Create(halves[i..]));
            ToSingle(low.AsInt32()).CopyTo(values[i..]);
            ToSingle(high.AsInt32()).CopyTo(values[(i + 8)..]);
        }

        for (; i < halves.Length; i++) values[i] = ToSingle(halves[i]);
    }

    public static void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> blocks)
    {
        _ = Blocks.Count<F16>(values, importance, blocks);
        var halves = MemoryMarshal.Cast<byte, ushort>(blocks);
        for (var i = 0; i < values.Length; i++) halves[i] = FromSingle(values[i]);
    }

    /// <summary>Eight halves, each in the low 16 bits of an element: as the scalar form, without a branch.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> ToSingle(Vector256<int> halves)
    {
        var magnitude = (halves & Vector256.Create(0x7FFF)) << 13;
        var sign = (halves & Vector256.Create(0x8000)) << 16;
        var bits = (magnitude.AsSingle() * Rebias).AsInt32();
        bits |= Vector256.GreaterThanOrEqual(magnitude, Vector256.Create(Infinity)) & Vector256.Create(FloatInfinity);
        bits |= Vector256.GreaterThan(magnitude, Vector256.Create(Infinity)) & Vector256.Create(Quiet);
        return (bits | sign).AsSingle();
    }
}
