namespace Homegrown.Engine.Formats.Safetensors.Quantized;

/// <summary>Floats of eight and four bits (OCP 8-bit floating point 1.0, microscaling formats 1.0).</summary>
static class SmallFloats
{
    /// <summary>E4M3 without infinities: exponents biased by 7, 0x7F and 0xFF are NaN.</summary>
    internal static float[] E4M3 { get; } = Table(exponentBits: 4, fractionBits: 3, code => (code & 0x7F) == 0x7F ? float.NaN : null);

    /// <summary>E5M2: exponents biased by 15, the largest holds infinities and NaN, as in a half.</summary>
    internal static float[] E5M2 { get; } = Table(exponentBits: 5, fractionBits: 2, code => (code & 0x7C) != 0x7C ? null : (code & 3) != 0 ? float.NaN : code < 128 ? float.PositiveInfinity : float.NegativeInfinity);

    /// <summary>A power of two: exponents biased by 127, 255 is NaN.</summary>
    internal static float[] E8M0 { get; } = [.. Enumerable.Range(0, 256).Select(code => code == 255 ? float.NaN : (float)Math.ScaleB(1, code - 127))];

    /// <summary>E2M1, 16 codes.</summary>
    internal static float[] E2M1 { get; } = [0, 0.5f, 1, 1.5f, 2, 3, 4, 6, -0f, -0.5f, -1, -1.5f, -2, -3, -4, -6];

    static float[] Table(int exponentBits, int fractionBits, Func<int, float?> special)
    {
        var (values, bias) = (new float[256], (1 << (exponentBits - 1)) - 1);
        for (var code = 0; code < values.Length; code++)
        {
            var (exponent, fraction) = ((code & 127) >> fractionBits, code & ((1 << fractionBits) - 1));
            var magnitude = exponent == 0 ? Math.ScaleB(fraction, 1 - bias - fractionBits) : Math.ScaleB((1 << fractionBits) + fraction, exponent - bias - fractionBits);
            values[code] = special(code) ?? (float)(code < 128 ? magnitude : -magnitude);
        }

        return values;
    }
}
