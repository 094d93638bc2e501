namespace Homegrown.Kernels.Quant;

/// <summary>Inverse scales to try around the range: (top + First + Step * i) / range for i = 0 to Last.</summary>
/// <param name="Magnitude">Scales are compared by the magnitude of the errors instead of their square.</param>
readonly record struct Sweep(float First, float Step, int Last, bool Magnitude = false);

/// <summary>
/// Integer codes for a few values, with the scale (and minimum) that make the sum of weight * (value - decoded)^2 small. Rounding
/// makes the problem uneven: each search tries a set of scales for the rounding, and for each takes the scale that is best for the
/// codes so found, in closed form. The sets and the order of the float32 sums are those of llama.cpp's quantizer
/// (ggml-quants.c), so that files come out equal to the byte.
/// </summary>
static class LeastSquares
{
    const float Negligible = 1e-15f;   // a group of values below it counts as zeros

    /// <summary>The sweep used wherever there is an importance matrix.</summary>
    internal static readonly Sweep Fine = new(-0.9f, 0.05f, 36);

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

    /// <summary>Codes 0 to 2 half - 1 for value = scale * (code - half); returns the scale.</summary>
    internal static float Centred(ReadOnlySpan<float> x, ReadOnlySpan<float> weights, int half, Span<byte> codes)
    {
        var peak = Peak(x);
        codes.Clear();
        if (MathF.Abs(peak) < Negligible) return 0;
        var (scale, best) = (0f, 0f);
        for (var attempt = 0; attempt < 19; attempt++)
        {
            var offset = attempt == 0 ? 0 : attempt <= 9 ? attempt - 10 : attempt - 9;   // 0, then -9 to -1, then 1 to 9
            var inverse = -(half + (0.1f * offset)) / peak;
            var (cross, square) = (0f, 0f);   // of value and code, of code and code
            for (var i = 0; i < x.Length; i++)
            {
                var code = Math.Clamp(Nearest(inverse * x[i]), -half, half - 1);
                cross += weights[i] * x[i] * code;
                square += weights[i] * code * code;
            }

            // cross^2 / square is what the best scale for these codes takes off the error.
            if (attempt > 0 && !(square > 0 && cross * cross > best * square)) continue;
            for (var i = 0; i < x.Length; i++) codes[i] = (byte)(half + Math.Clamp(Nearest(inverse * x[i]), -half, half - 1));
            scale = square != 0 ? cross / square : 0;
            best = scale * cross;
        }

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

    /// <summary>Codes 0 to <paramref name="top"/> for value = scale * code + min, min at most 0.</summary>
    internal static (float Scale, float Min) WithMin(
        ReadOnlySpan<float> x, ReadOnlySpan<float> weights, int top, Sweep sweep, Span<byte> codes)
    {
        var (min, max) = (x[0], x[0]);
        var (sumW, sumX) = (0f, 0f);
        for (var i = 0; i < x.Length; i++)
        {
            if (x[i] < min) min = x[i];
            if (x[i] > max) max = x[i];
            sumW += weights[i];
            sumX += weights[i] * x[i];
        }

        codes.Clear();
        if (min > 0) min = 0;
        if (max <= min) return (0, min);
        Round(x, min, top / (max - min), top, codes);
        var scale = 1 / (top / (max - min));
        var best = Error(x, weights, codes, scale, min, sweep.Magnitude);

        Span<byte> trial = stackalloc byte[x.Length];
        for (var step = 0; step <= sweep.Last; step++)
        {
            Round(x, min, (sweep.First + (sweep.Step * step) + top) / (max - min), top, trial);
            if (!Solve(x, weights, trial, sumW, sumX, out var trialScale, out var trialMin)) continue;
            var error = Error(x, weights, trial, trialScale, trialMin, sweep.Magnitude);
            if (!(error < best)) continue;
            trial.CopyTo(codes);
            (best, scale, min) = (error, trialScale, trialMin);
        }

        return (scale, min);
    }

    static void Round(ReadOnlySpan<float> x, float min, float inverse, int top, Span<byte> codes)
    {
        for (var i = 0; i < x.Length; i++) codes[i] = (byte)Math.Clamp(Nearest(inverse * (x[i] - min)), 0, top);
    }

    static float Error(ReadOnlySpan<float> x, ReadOnlySpan<float> weights, ReadOnlySpan<byte> codes, float scale, float min, bool magnitude)
    {
        var error = 0f;
        for (var i = 0; i < x.Length; i++)
        {
            var difference = (scale * codes[i]) + min - x[i];
            error += weights[i] * (magnitude ? MathF.Abs(difference) : difference * difference);
        }

        return error;
    }

    /// <summary>The normal equations of a weighted line through (code, value); false where all codes are equal.</summary>
    static bool Solve(
        ReadOnlySpan<float> x, ReadOnlySpan<float> weights, ReadOnlySpan<byte> codes, float sumW, float sumX, out float scale, out float min)
    {
        var (sumL, sumLL, sumXL) = (0f, 0f, 0f);
        for (var i = 0; i < x.Length; i++)
        {
            var weighted = weights[i] * codes[i];
            sumL += weighted;
            sumLL += weighted * codes[i];
            sumXL += weighted * x[i];
        }

        var determinant = (sumW * sumLL) - (sumL * sumL);
        scale = ((sumW * sumXL) - (sumX * sumL)) / determinant;
        min = ((sumLL * sumX) - (sumL * sumXL)) / determinant;
        if (min > 0) (scale, min) = (sumXL / sumLL, 0);   // a minimum is never above zero: the line goes through the origin
        return determinant > 0;
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

        Round(x, 0, inverse, top, codes);
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
