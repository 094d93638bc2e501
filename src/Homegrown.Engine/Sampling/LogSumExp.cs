using System.Runtime.Intrinsics;

namespace Homegrown.Engine.Sampling;

/// <summary>Sums of exponentials in float64, four at a time: a vector of fixed width gives every machine the same order of addition.</summary>
static class LogSumExp
{
    /// <summary>The largest value; negative infinity for none.</summary>
    public static double Max(ReadOnlySpan<double> values)
    {
        var largest = Vector256.Create(double.NegativeInfinity);
        var i = 0;
        for (; i <= values.Length - 4; i += 4) largest = Vector256.Max(largest, Vector256.Create(values[i..]));
        var max = Math.Max(Math.Max(largest[0], largest[1]), Math.Max(largest[2], largest[3]));
        for (; i < values.Length; i++) max = Math.Max(max, values[i]);
        return max;
    }

    /// <summary>The sum of e^(value - shift).</summary>
    public static double Sum(ReadOnlySpan<double> values, double shift)
    {
        var shifts = Vector256.Create(shift);
        var sums = Vector256<double>.Zero;
        var i = 0;
        for (; i <= values.Length - 4; i += 4) sums += Vector256.Exp(Vector256.Create(values[i..]) - shifts);
        var sum = Vector256.Sum(sums);
        for (; i < values.Length; i++) sum += Math.Exp(values[i] - shift);
        return sum;
    }

    /// <summary>e^(value - shift) of each value.</summary>
    public static void Exp(ReadOnlySpan<double> values, double shift, Span<double> results)
    {
        var shifts = Vector256.Create(shift);
        var i = 0;
        for (; i <= values.Length - 4; i += 4) Vector256.Exp(Vector256.Create(values[i..]) - shifts).CopyTo(results[i..]);
        for (; i < values.Length; i++) results[i] = Math.Exp(values[i] - shift);
    }

    /// <summary>ln of the sum of e^value.</summary>
    public static double Of(ReadOnlySpan<double> values)
    {
        var max = Max(values);
        return max + Math.Log(Sum(values, max));
    }

    /// <summary>Entropy, in nats, of the probabilities e^(value - logSum).</summary>
    public static double Entropy(ReadOnlySpan<double> values, double logSum)
    {
        var shifts = Vector256.Create(logSum);
        var sums = Vector256<double>.Zero;
        var i = 0;
        for (; i <= values.Length - 4; i += 4)
        {
            var x = Vector256.Create(values[i..]) - shifts;
            sums -= Vector256.Exp(x) * x;
        }
        var entropy = Vector256.Sum(sums);
        for (; i < values.Length; i++) entropy -= Math.Exp(values[i] - logSum) * (values[i] - logSum);
        return entropy;
    }
}
