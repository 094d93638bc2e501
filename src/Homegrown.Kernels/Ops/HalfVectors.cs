using System.Numerics;
using System.Runtime.CompilerServices;

namespace Homegrown.Kernels.Ops;

/// <summary>
/// Float32 to IEEE 754 binary16 with integer vectors, for .NET has no API for the processor's own instruction. Equal to
/// <see cref="Half"/>'s conversion for every number; a NaN stays a NaN. The way back is <see cref="Quant.F16"/>'s.
/// </summary>
static unsafe class HalfVectors
{
    /// <summary>Floats to the nearest halves, ties to even; beyond 65504 to infinity.</summary>
    public static void ToHalf(float* from, Half* to, int count)
    {
        var (i, n) = (0, Vector<ushort>.Count);
        for (; i <= count - n; i += n)
            Vector.Narrow(ToHalf(Vector.Load(from + i)), ToHalf(Vector.Load(from + i + (n / 2)))).Store((ushort*)to + i);
        for (; i < count; i++) to[i] = (Half)from[i];
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
