using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Homegrown.Kernels.Quant;

/// <summary>Inverse scales to try around the range: (top + First + Step * i) / range for i = 0 to Last.</summary>
/// <param name="Magnitude">Scales are compared by the magnitude of the errors instead of their square.</param>
readonly record struct Sweep(float First, float Step, int Last, bool Magnitude = false)
{
    /// <summary>The sweep used wherever there is an importance matrix.</summary>
    internal static readonly Sweep Fine = new(-0.9f, 0.05f, 36);
}

/// <summary>
/// Codes 0 to top for value = scale * code + min, min at most 0: what <see cref="LeastSquares"/> does for one factor, for a line. A
/// try is a lane of a vector; once one is taken, the minimum is another and the tries after it begin anew.
/// </summary>
static class LineFit
{
    const int Tries = LeastSquares.Tries;

    internal static (float Scale, float Min) Fit(ReadOnlySpan<float> x, ReadOnlySpan<float> weights, int top, Sweep sweep, Span<byte> codes)
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
        var inverse = Vector256.Create(top / (max - min));
        Round(x, min, inverse[0], top, codes);
        var scale = 1 / inverse[0];
        var best = Error(x, weights, min, inverse, top, Vector256.Create(scale), Vector256.Create(min), sweep.Magnitude)[0];
        for (var step = 0; step <= sweep.Last;)
        {
            var steps = Vector256.ConvertToSingle(Vector256.Create(step) + Vector256<int>.Indices);
            inverse = (Vector256.Create(sweep.First) + (steps * sweep.Step) + Vector256.Create((float)top)) / Vector256.Create(max - min);
            var determinant = Solve(x, weights, min, inverse, top, sumW, sumX, out var scales, out var mins);
            var error = Error(x, weights, min, inverse, top, scales, mins, sweep.Magnitude);
            var better = Vector256.GreaterThan(determinant, Vector256<float>.Zero) & Vector256.LessThan(error, Vector256.Create(best));
            var lane = int.TrailingZeroCount((int)better.ExtractMostSignificantBits());
            if (lane >= Tries || step + lane > sweep.Last)
            {
                step += Tries;
                continue;
            }

            Round(x, min, inverse[lane], top, codes);
            (best, scale, min) = (error[lane], scales[lane], mins[lane]);
            step += lane + 1;
        }

        return (scale, min);
    }

    static void Round(ReadOnlySpan<float> x, float min, float inverse, int top, Span<byte> codes)
    {
        for (var i = 0; i < x.Length; i++) codes[i] = (byte)Math.Clamp(LeastSquares.Nearest(inverse * (x[i] - min)), 0, top);
    }

    /// <summary>The codes of a value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> Codes(float x, float min, Vector256<float> inverse, int top)
        => Vector256.ConvertToSingle(LeastSquares.Nearest(inverse * (x - min), 0, top));

    static Vector256<float> Error(
        ReadOnlySpan<float> x, ReadOnlySpan<float> weights, float min, Vector256<float> inverse, int top,
        Vector256<float> scales, Vector256<float> mins, bool magnitude)
    {
        var error = Vector256<float>.Zero;
        for (var i = 0; i < x.Length; i++)
        {
            var difference = (scales * Codes(x[i], min, inverse, top)) + mins - Vector256.Create(x[i]);
            error += (magnitude ? Vector256.Abs(difference) : difference * difference) * weights[i];
        }

        return error;
    }

    /// <summary>The normal equations of weighted lines through (code, value); returns their determinants, 0 where all codes are equal.</summary>
    static Vector256<float> Solve(
        ReadOnlySpan<float> x, ReadOnlySpan<float> weights, float min, Vector256<float> inverse, int top, float sumW, float sumX,
        out Vector256<float> scales, out Vector256<float> mins)
    {
        var (sumL, sumLL, sumXL) = (Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero);
        for (var i = 0; i < x.Length; i++)
        {
            var code = Codes(x[i], min, inverse, top);
            var weighted = code * weights[i];
            sumL += weighted;
            sumLL += weighted * code;
            sumXL += weighted * x[i];
        }

        var determinant = (sumLL * sumW) - (sumL * sumL);
        scales = ((sumXL * sumW) - (sumL * sumX)) / determinant;
        mins = ((sumLL * sumX) - (sumL * sumXL)) / determinant;
        // A minimum is never above zero: the line then goes through the origin.
        var above = Vector256.GreaterThan(mins, Vector256<float>.Zero);
        scales = Vector256.ConditionalSelect(above, sumXL / sumLL, scales);
        mins = Vector256.ConditionalSelect(above, Vector256<float>.Zero, mins);
        return determinant;
    }
}
