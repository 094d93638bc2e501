using System.Numerics;
using System.Runtime.CompilerServices;

namespace Homegrown.Kernels.Ops;

/// <summary>
/// Conversion between float32 and IEEE 754 binary16 with integer vectors, for .NET has no API for the processor's own instructions.
/// Equal to the scalar conversions of <see cref="Half"/> for every number; a NaN stays a NaN.
/// </summary>
static unsafe class HalfVectors
{
    /// <summary>Halves to floats, exact.</summary>
    public static void ToFloat(Half* from, float* to, int count)
    {
        var (i, n) = (0, Vector<ushort>.Count);
        for (; i <= count - n; i += n)
        {
            Vector.Widen(Vector.Load((ushort*)from + i), out var low, out var high);
            ToFloat(low).Store(to + i);
            ToFloat(high).Store(to + i + (n / 2));
        }

        for (; i < count; i++) to[i] = (float)from[i];
    }

    /// <summary>Floats to the nearest halves, ties to even; beyond 65504 to infinity.</summary>
    public static void ToHalf(float* from, Half* to, int count)
    {
        var (i, n) = (0, Vector<ushort>.Count);
        for (; i <= count - n; i += n)
            Vector.Narrow(ToHalf(Vector.Load(from + i)), ToHalf(Vector.Load(from + i + (n / 2)))).Store((ushort*)to + i);
        for (; i < count; i++) to[i] = (Half)from[i];
    }

    // Exponent and fraction in a float's place read as 2^-112 of the value (biases 15 and 127); the product is exact, subnormals
    // included. Infinity and NaN come out at exponent 143 and get all ones.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector<float> ToFloat(Vector<uint> half)
    {
        var magnitude = (half & new Vector<uint>(0x7FFF)) << 13;
        var bits = Vector.AsVectorUInt32(Vector.AsVectorSingle(magnitude) * new Vector<float>(5.192296858534828e33f));   // 2^112
        var special = Vector.GreaterThan(Vector.AsVectorInt32(magnitude), new Vector<int>(0x0F7FFFFF));
        bits |= Vector.AsVectorUInt32(special) & new Vector<uint>(0x7F800000);
        return Vector.AsVectorSingle(bits | ((half & new Vector<uint>(0x8000)) << 16));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector<uint> ToHalf(Vector<float> value)
    {
        var bits = Vector.AsVectorUInt32(value);
        var magnitude = bits & new Vector<uint>(0x7FFFFFFF);

        // Normal: rebias, then add half a unit less one, and one more where the last kept bit is odd. 2^16 and beyond is infinity,
        // and rounding carries 65520 there by itself.
        var finite = Vector.Min(magnitude, new Vector<uint>(0x47800000));
        var normal = (finite - new Vector<uint>(0x38000000 - 0xFFF) + ((finite >> 13) & Vector<uint>.One)) >> 13;

        // Subnormal, below 2^-14: next to 0.5 a float's unit is 2^-24, a half's smallest step, so the addition rounds.
        var shifted = Vector.AsVectorSingle(Vector.Min(magnitude, new Vector<uint>(0x38800000))) + new Vector<float>(0.5f);
        var subnormal = Vector.AsVectorUInt32(shifted) - new Vector<uint>(0x3F000000);

        // NaN: quiet, with the fraction's upper bits.
        var nan = ((magnitude >> 13) & new Vector<uint>(0x3FF)) | new Vector<uint>(0x7E00);

        var half = Vector.ConditionalSelect(Vector.LessThan(magnitude, new Vector<uint>(0x38800000)), subnormal, normal);
        half = Vector.ConditionalSelect(Vector.GreaterThan(magnitude, new Vector<uint>(0x7F800000)), nan, half);
        return half | ((bits >> 16) & new Vector<uint>(0x8000));
    }
}
