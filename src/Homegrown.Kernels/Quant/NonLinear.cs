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

    internal static Vector128<sbyte> Table => Vector128.Create(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113);

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
        Span<float> inverse = stackalloc float[2 * LeastSquares.Tries], cross = stackalloc float[inverse.Length], square = stackalloc float[inverse.Length];
        inverse[0] = 1 / (-peak / Levels[0]);
        for (var attempt = 1; attempt < inverse.Length; attempt++) inverse[attempt] = (attempt - 1 - Tries + Levels[0]) / peak;
        for (var first = 0; first < inverse.Length; first += LeastSquares.Tries) Sums(x, weights, inverse[first..], cross[first..], square[first..]);

        var scale = square[0] > 0 ? cross[0] / square[0] : 0;
        var best = scale * cross[0];
        for (var attempt = 1; attempt < inverse.Length; attempt++)
        {
            if (!(square[attempt] > 0 && cross[attempt] * cross[attempt] > best * square[attempt])) continue;
            scale = cross[attempt] / square[attempt];
            best = scale * cross[attempt];
        }

        return scale;
    }

    /// <summary>Of level and value, and of level and level, where values are rounded by inverse scales, one in each lane of a vector.</summary>
    static void Sums(ReadOnlySpan<float> x, ReadOnlySpan<float> weights, ReadOnlySpan<float> inverse, Span<float> cross, Span<float> square)
    {
        var (trial, sumXL, sumLL) = (Vector256.Create(inverse), Vector256<float>.Zero, Vector256<float>.Zero);
        for (var i = 0; i < x.Length; i++)
        {
            var (value, level) = (trial * x[i], Vector256.Create((float)Levels[0]));
            for (var k = 0; k < Middles.Length; k++)
                level += Vector256.GreaterThanOrEqual(value, Vector256.Create(Middles[k])) & Vector256.Create((float)(Levels[k + 1] - Levels[k]));
            var weighted = level * weights[i];
            sumXL += weighted * x[i];
            sumLL += weighted * level;
        }

        sumXL.CopyTo(cross);
        sumLL.CopyTo(square);
    }
}
