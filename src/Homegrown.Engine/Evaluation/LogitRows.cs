using System.Runtime.Intrinsics;

namespace Homegrown.Engine.Evaluation;

/// <summary>
/// Sums over rows of logits, [vocabulary], in float64 and in an order that is the same on every machine.
/// </summary>
public static class LogitRows
{
    /// <summary>Minus the log probability of a token, in nats.</summary>
    /// <exception cref="ArithmeticException">A logit is not finite.</exception>
    public static double Surprise(ReadOnlySpan<float> logits, int token)
    {
        var largest = Max(logits);
        return Finite(largest + Math.Log(SumExp(logits, largest)) - logits[token]);
    }

    /// <summary>The first token of the largest logit.</summary>
    public static int Top(ReadOnlySpan<float> logits) => logits.IndexOf(Max(logits));

    /// <summary>
    /// How far the distribution q of <paramref name="logits"/> is from p of <paramref name="reference"/>, in nats (Kullback and
    /// Leibler 1951): sum of p (ln p - ln q).
    /// </summary>
    /// <exception cref="ArithmeticException">A logit is not finite.</exception>
    public static double Divergence(ReadOnlySpan<float> reference, ReadOnlySpan<float> logits)
    {
        // ln p = r - R and ln q = x - X, R and X the logarithms of the sums: one pass gives sum p (r - x), and R and X are left.
        if (reference.Length != logits.Length) throw new ArgumentException($"{logits.Length} logits against {reference.Length}.", nameof(logits));
        var (largestReference, largest) = (Max(reference), Max(logits));
        var (shiftReference, shift) = (Vector256.Create((double)largestReference), Vector256.Create((double)largest));
        var (sumReference, sum, difference) = (Vector256<double>.Zero, Vector256<double>.Zero, Vector256<double>.Zero);
        var i = 0;
        for (; i <= logits.Length - 4; i += 4)
        {
            var (r, x) = (Wide(reference[i..]), Wide(logits[i..]));
            var weight = Vector256.Exp(r - shiftReference);
            sumReference += weight;
            difference += weight * (r - x);
            sum += Vector256.Exp(x - shift);
        }

        var (totalReference, total, totalDifference) = (Vector256.Sum(sumReference), Vector256.Sum(sum), Vector256.Sum(difference));
        for (; i < logits.Length; i++)
        {
            var weight = Math.Exp((double)reference[i] - largestReference);
            totalReference += weight;
            totalDifference += weight * ((double)reference[i] - logits[i]);
            total += Math.Exp((double)logits[i] - largest);
        }

        var divergence = (totalDifference / totalReference) - (largestReference + Math.Log(totalReference)) + (largest + Math.Log(total));
        return Math.Max(0, Finite(divergence));     // rounding may take equal rows below 0
    }

    static double SumExp(ReadOnlySpan<float> logits, float shift)
    {
        var (shifts, sums) = (Vector256.Create((double)shift), Vector256<double>.Zero);
        var i = 0;
        for (; i <= logits.Length - 4; i += 4) sums += Vector256.Exp(Wide(logits[i..]) - shifts);
        var sum = Vector256.Sum(sums);
        for (; i < logits.Length; i++) sum += Math.Exp((double)logits[i] - shift);
        return sum;
    }

    static float Max(ReadOnlySpan<float> logits)
    {
        var largest = Vector256.Create(float.NegativeInfinity);
        var i = 0;
        for (; i <= logits.Length - 8; i += 8) largest = Vector256.Max(largest, Vector256.Create(logits[i..]));
        var max = float.NegativeInfinity;
        for (var lane = 0; lane < 8; lane++) max = MathF.Max(max, largest[lane]);
        for (; i < logits.Length; i++) max = MathF.Max(max, logits[i]);
        return max;
    }

    static Vector256<double> Wide(ReadOnlySpan<float> four)
    {
        var (low, high) = Vector128.Widen(Vector128.Create(four));
        return Vector256.Create(low, high);
    }

    static double Finite(double value)
        => double.IsFinite(value) ? value : throw new ArithmeticException("The model's logits are not finite; its weights are damaged or beyond the range of its types.");
}
