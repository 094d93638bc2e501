using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Homegrown.Kernels.Quant;

/// <summary>
/// Floats of 4 bits, E2M1 of the OCP microscaling formats (MX 1.0): sign, two bits of exponent, one of fraction. Their values are 0,
/// 0.5, 1, 1.5, 2, 3, 4 and 6; here they are doubled, so that codes are integers, and their scales halved.
/// </summary>
static class Fp4
{
    /// <summary>The largest value.</summary>
    internal const float Largest = 6;

    const int SignBit = 8;

    internal static Vector128<sbyte> Table => Vector128.Create(0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12);

    /// <summary>What 2^(e - 127) is multiplied with: the scales are halved, because the codes are doubled.</summary>
    internal const float ExponentUnit = 0.5f;

    /// <summary>The bits of 2^-127, the scale of an exponent of 0.</summary>
    internal const int LeastExponentBits = 0x400000;

    /// <summary>2^(127 - 7 - 1): moves a float's bias to that of E4M3, and halves.</summary>
    internal const float FloatUnit = 6.646139978924579e35f;

    /// <summary>Where in a float E8M0, and E4M3 without sign, stand.</summary>
    internal const int ExponentShift = 23, FloatShift = 20;

    /// <summary>Half way from each magnitude to the next, doubled.</summary>
    static ReadOnlySpan<float> Middles => [0.5f, 1.5f, 2.5f, 3.5f, 5, 7, 10];

    /// <summary>The doubled values of 32 codes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<sbyte> Decode(Vector256<byte> codes) => PackedBits.LookUp(Table, codes);

    /// <summary>Half the scales of E8M0, 2^(e - 127); of 255 NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> ScaleOfExponent(Vector256<int> e)
    {
        var scales = Vector256.Max(e << ExponentShift, Vector256.Create(LeastExponentBits)).AsSingle();
        return Vector256.FusedMultiplyAdd(scales, Vector256.Create(ExponentUnit), scales - scales);   // infinity less infinity is NaN
    }

    /// <summary>Half the scales of E4M3, of codes 0 to 126. The product makes subnormals right.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> ScaleOfFloat(Vector256<int> codes) => (codes << FloatShift).AsSingle() * Vector256.Create(FloatUnit);

    /// <summary>The codes of the nearest values, the smaller magnitude in the middle and +0 for zeros.</summary>
    /// <param name="scale">The halved scale, at least 0.</param>
    internal static void Encode(ReadOnlySpan<float> x, float scale, Span<byte> codes)
    {
        for (var i = 0; i < x.Length; i++)
        {
            var (magnitude, code) = (MathF.Abs(x[i]), 0);
            if (scale > 0)
                foreach (var middle in Middles) code += magnitude > middle * scale ? 1 : 0;
            codes[i] = (byte)(x[i] < 0 && code > 0 ? code | SignBit : code);
        }
    }
}
