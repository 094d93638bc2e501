using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Homegrown.Kernels.Quant;

/// <summary>
/// Integer codes for a few values, with the scale (and minimum) that make the sum of weight * (value - decoded)^2 small. Rounding
/// makes the problem uneven: each search tries a set of scales for the rounding, and for each takes the scale that is best for the
/// codes so found, in closed form. The sets and the order of the float32 sums are those of llama.cpp's quantizer
/// (ggml-quants.c), so that files come out equal to the byte.
/// </summary>
static class LeastSquares
{
    /// <summary>Scales tried at once, one in each lane of a vector: the sums keep their order.</summary>
    internal const int Tries = 8;

    const float Negligible = 1e-15f;   // a group of values below it counts as zeros

    /// <summary>The value of greatest magnitude, with its sign; 0 where there is none.</summary>
    internal static float Peak(ReadOnlySpan<float> values)
    {
        var peak = 0f;
        foreach (var value in values)
            if (MathF.Abs(value) > MathF.Abs(peak)) peak = value;
        return peak;
    }

    internal static float SumOfSquares(ReadOnlySpan<float> values)
    {
        var sum = 0f;
        foreach (var value in values) sum += value * value;
        return sum;
    }

    /// <summary>Weight of a value's error: its importance, and its own size beside that of its surroundings.</summary>
    internal static float Weight(float importance, float energy, float value) => importance * MathF.Sqrt(energy + (value * value));

    /// <summary>
    /// The nearest integer, ties to even, for magnitudes below 2^22: the sum with 1.5 * 2^23 has it in its low bits. Anything else
    /// gives some integer of 23 bits, which the callers' clamps take.
    /// </summary>
    internal static int Nearest(float value)
        => (BitConverter.SingleToInt32Bits(value + 12582912f) & 0x7FFFFF) - 0x400000;

    /// <summary>The same in a vector, clamped.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<int> Nearest(Vector256<float> values, int least, int most)
    {
        var nearest = ((values + Vector256.Create(12582912f)).AsInt32() & Vector256.Create(0x7FFFFF)) - Vector256.Create(0x400000);
        return Vector256.Min(Vector256.Max(nearest, Vector256.Create(least)), Vector256.Create(most));
    }

    /// <summary>Codes 0 to 2 half - 1 for value = scale * (code - half); returns the scale. A try is a lane.</summary>
    internal static float Centred(ReadOnlySpan<float> x, ReadOnlySpan<float> weights, int half, Span<byte> codes)
    {
        var peak = Peak(x);
        codes.Clear();
        if (MathF.Abs(peak) < Negligible) return 0;
        Span<float> inverse = stackalloc float[3 * Tries], cross = stackalloc float[3 * Tries], square = stackalloc float[3 * Tries];
        for (var attempt = 0; attempt < inverse.Length; attempt++)
        {
            var offset = attempt == 0 ? 0 : attempt <= 9 ? attempt - 10 : attempt - 9;   // 0, then -9 to -1, then 1 to 9
            inverse[attempt] = -(half + (0.1f * offset)) / peak;
        }

        for (var first = 0; first < inverse.Length; first += Tries)
        {
            var trial = Vector256.Create<float>(inverse[first..]);
            var (sumXL, sumLL) = (Vector256<float>.Zero, Vector256<float>.Zero);
            for (var i = 0; i < x.Length; i++)
            {
                var code = Vector256.ConvertToSingle(Nearest(trial * x[i], -half, half - 1));
                sumXL += code * (weights[i] * x[i]);
                sumLL += code * weights[i] * code;
            }

            sumXL.CopyTo(cross[first..]);
            sumLL.CopyTo(square[first..]);
        }

        var chosen = 0;
        var scale = square[0] != 0 ? cross[0] / square[0] : 0;
        var best = scale * cross[0];   // cross^2 / square is what the best scale for these codes takes off the error
        for (var attempt = 1; attempt < 19; attempt++)
        {
            if (!(square[attempt] > 0 && cross[attempt] * cross[attempt] > best * square[attempt])) continue;
            scale = cross[attempt] / square[attempt];
            best = scale * cross[attempt];
            chosen = attempt;
        }

        for (var i = 0; i < x.Length; i++) codes[i] = (byte)(half + Math.Clamp(Nearest(inverse[chosen] * x[i]), -half, half - 1));
        return scale;
    }

    /// <summary>As <see cref="Centred"/>, by moving one code at a time to what is best for the others' scale, while that helps.</summary>
    internal static float Descend(ReadOnlySpan<float> x, ReadOnlySpan<float> weights, int half, Span<byte> codes)
    {
        var peak = Peak(x);
        codes.Clear();
        if (MathF.Abs(peak) < Negligible) return 0;
        var (cross, square) = (0f, 0f);   // of value and code, of code and code
        for (var i = 0; i < x.Length; i++)
        {
            var code = Math.Clamp(Nearest(-half / peak * x[i]), -half, half - 1);
            codes[i] = (byte)(code + half);
            cross += weights[i] * x[i] * code;
            square += weights[i] * code * code;
        }

        for (var (round, changed) = (0, true); changed && round < 5; round++)
        {
            changed = false;
            for (var i = 0; i < x.Length; i++)
            {
                var old = codes[i] - half;
                var otherCross = cross - (weights[i] * x[i] * old);
                if (!(otherCross > 0)) continue;
                var otherSquare = square - (weights[i] * old * old);
                var code = Math.Clamp(Nearest(x[i] * otherSquare / otherCross), -half, half - 1);
                if (code == old) continue;
                otherCross += weights[i] * x[i] * code;
                otherSquare += weights[i] * code * code;
                if (!(otherSquare > 0 && otherCross * otherCross * square > cross * cross * otherSquare)) continue;
                (codes[i], cross, square, changed) = ((byte)(code + half), otherCross, otherSquare, true);
            }
        }

        return square > 0 ? cross / square : 0;
    }

    /// <summary>Codes 0 to <paramref name="top"/> for value = scale * code, values at least 0; returns the scale.</summary>
    internal static float Positive(ReadOnlySpan<float> x, ReadOnlySpan<float> weights, int top, Span<byte> codes)
    {
        var max = 0f;
        foreach (var value in x)
            if (value > max) max = value;
        codes.Clear();
        if (max < Negligible) return 0;
        var inverse = top / max;
        var best = float.PositiveInfinity;
        for (var attempt = 0; attempt < 9; attempt++)
        {
            var offset = attempt == 0 ? 0 : attempt <= 4 ? attempt - 5 : attempt - 4;   // 0, then -4 to -1, then 1 to 4
            var trial = ((0.1f * offset) + top) / max;
            var error = 0f;
            for (var i = 0; i < x.Length; i++)
            {
                var difference = x[i] - (1 / trial * Math.Min(top, Nearest(trial * x[i])));
                error += weights[i] * difference * difference;
            }

            if (error < best) (best, inverse) = (error, trial);
        }

        for (var i = 0; i < x.Length; i++) codes[i] = (byte)Math.Clamp(Nearest(inverse * x[i]), 0, top);
        return Refine(x, weights, top, codes);
    }

    /// <summary>Moves one code at a time to what is best for the others' scale, while that helps; returns the scale.</summary>
    static float Refine(ReadOnlySpan<float> x, ReadOnlySpan<float> weights, int top, Span<byte> codes)
    {
        var (cross, square) = (0f, 0f);
        for (var i = 0; i < x.Length; i++)
        {
            cross += weights[i] * x[i] * codes[i];
            square += weights[i] * codes[i] * codes[i];
        }

        for (var (round, changed) = (0, true); changed && round < 5; round++)
        {
            changed = false;
            for (var i = 0; i < x.Length; i++)
            {
                var otherCross = cross - (weights[i] * x[i] * codes[i]);
                var otherSquare = square - (weights[i] * codes[i] * codes[i]);
                if (!(otherCross > 0 && otherSquare > 0)) continue;
                var code = Math.Clamp(Nearest(x[i] * otherSquare / otherCross), 0, top);
                if (code == codes[i]) continue;
                otherCross += weights[i] * x[i] * code;
                otherSquare += weights[i] * code * code;
                if (!(otherCross * otherCross * square > cross * cross * otherSquare)) continue;
                (codes[i], cross, square, changed) = ((byte)code, otherCross, otherSquare, true);
            }
        }

        return square > 0 ? cross / square : 0;
    }
}
