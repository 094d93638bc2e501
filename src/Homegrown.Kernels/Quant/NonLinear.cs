using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Homegrown.Kernels.Quant;

/// <summary>
/// What IQ4_NL and IQ4_XS share: 16 levels that lie closer around zero, as weights do. The levels, and the order of the search,
/// are llama.cpp's (MIT).
/// </summary>
static class NonLinear
{
    /// <summary>Scales tried to either side of the one that takes the peak to the outermost level.</summary>
    const int Tries = 7;
    const float Negligible = 1e-15f;   // a part of values below it counts as zeros

    static readonly Vector128<sbyte> Table = Vector128.Create(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113);

    static ReadOnlySpan<sbyte> Levels => [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    /// <summary>Half way from each level to the next.</summary>
    static ReadOnlySpan<float> Middles => [-115.5f, -93.5f, -74, -57, -42, -28.5f, -16, -4.5f, 7, 19, 31.5f, 45.5f, 61, 79, 101];

    /// <summary>The levels of 32 codes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<sbyte> Decode(Vector256<byte> codes) => PackedBits.LookUp(Table, codes);

    /// <summary>The code of the nearest level, the upper one in the middle.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int Nearest(float value)
    {
        var code = value >= Middles[7] ? 8 : 0;
        if (value >= Middles[code + 3]) code += 4;
        if (value >= Middles[code + 1]) code += 2;
        return value >= Middles[code] ? code + 1 : code;
    }

    /// <summary>The codes of a part for its scale.</summary>
    internal static void Encode(ReadOnlySpan<float> x, float scale, Span<byte> codes)
    {
        var inverse = scale != 0 ? 1 / scale : 0;
        for (var i = 0; i < x.Length; i++) codes[i] = (byte)Nearest(inverse * x[i]);
    }

    /// <summary>The scale of a part of 32 with the smallest weighted error, of those best for the codes of the tried ones.</summary>
    /// <param name="importance">Empty (a value then weighs its square), or one weight a value.</param>
    /// <param name="energy">Twice the mean square of the block.</param>
    internal static float Fit(ReadOnlySpan<float> x, ReadOnlySpan<float> importance, float energy)
    {
        var peak = LeastSquares.Peak(x);
        if (MathF.Abs(peak) < Negligible) return 0;
        Span<float> weights = stackalloc float[x.Length];
        for (var i = 0; i < x.Length; i++)
            weights[i] = importance.IsEmpty ? x[i] * x[i] : LeastSquares.Weight(importance[i], energy, x[i]);

        // First the peak as the outermost level of the other sign, which reaches less far.
        Sums(x, weights, 1 / (-peak / Levels[0]), out var cross, out var square);
        var scale = square > 0 ? cross / square : 0;
        var best = scale * cross;
        for (var attempt = -Tries; attempt <= Tries; attempt++)
        {
            Sums(x, weights, (attempt + Levels[0]) / peak, out cross, out square);
            if (!(square > 0 && cross * cross > best * square)) continue;
            scale = cross / square;
            best = scale * cross;
        }

        return scale;
    }

    /// <summary>Of level and value, and of level and level, where values are rounded by an inverse scale.</summary>
    static void Sums(ReadOnlySpan<float> x, ReadOnlySpan<float> weights, float inverse, out float cross, out float square)
    {
        (cross, square) = (0, 0);
        for (var i = 0; i < x.Length; i++)
        {
            float level = Levels[Nearest(inverse * x[i])];
            cross += weights[i] * level * x[i];
            square += weights[i] * level * level;
        }
    }
}
