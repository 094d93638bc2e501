namespace Homegrown.Kernels.Quant;

/// <summary>What the formats of -1, 0 and 1 share: the largest magnitude is the scale, and values go to the nearest.</summary>
static class Ternary
{
    /// <summary>The code of 0.</summary>
    internal const int Zero = 1;

    /// <summary>Codes 0 to 2 for value = scale * (code - 1); returns the scale.</summary>
    internal static float Fit(ReadOnlySpan<float> x, Span<byte> codes)
    {
        var scale = MathF.Abs(LeastSquares.Peak(x));
        var inverse = scale != 0 ? 1 / scale : 0;
        for (var i = 0; i < x.Length; i++)
        {
            // A scale too small to divide by leaves no code (and is 0 as a half), nor does an infinite one.
            var code = MathF.Round(x[i] * inverse, MidpointRounding.AwayFromZero);
            codes[i] = (byte)(MathF.Abs(code) <= 1 ? (int)code + Zero : Zero);
        }

        return scale;
    }
}
