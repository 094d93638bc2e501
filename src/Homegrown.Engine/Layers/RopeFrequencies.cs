using Homegrown.Engine.Models;

namespace Homegrown.Engine.Layers;

/// <summary>How fast each pair turns, in radians a position, and what stretching the context does to that.</summary>
static class RopeFrequencies
{
    /// <summary>The frequencies for a sequence, and the factor on the turned vectors.</summary>
    /// <param name="divisors">Of each frequency (rope_freqs of GGUF), or empty.</param>
    /// <param name="length">Positions of the sequence: dynamic stretches and LongRoPE depend on it.</param>
    public static (double[] Frequencies, float Magnitude) Of(RopeConfig rope, ReadOnlySpan<float> divisors, int length)
    {
        var (dims, scaling) = (rope.Dims, rope.Scaling);
        var theta = scaling.Kind == RopeScalingKind.Dynamic ? DynamicTheta(rope, length) : rope.Theta;
        var frequencies = new double[dims / 2];
        for (var i = 0; i < frequencies.Length; i++)
        {
            frequencies[i] = Math.Pow(theta, -2.0 * i / dims);
            if (!divisors.IsEmpty) frequencies[i] /= divisors[i];
        }

        switch (scaling.Kind)
        {
            case RopeScalingKind.Linear:
                for (var i = 0; i < frequencies.Length; i++) frequencies[i] /= scaling.Factor;
                return (frequencies, 1);
            case RopeScalingKind.Yarn:
                Yarn(frequencies, rope);
                return (frequencies, (float)(scaling.Magnitude ?? RopeConfig.LogScale(scaling.Factor, 1)));
            case RopeScalingKind.Llama3:
                Llama3(frequencies, scaling);
                return (frequencies, 1);
            case RopeScalingKind.LongRope:
                var stretched = length > scaling.OriginalContext;
                var factors = stretched ? scaling.LongFactors : scaling.ShortFactors;
                for (var i = 0; i < frequencies.Length; i++) frequencies[i] /= factors[i];
                return (frequencies, (float)((stretched ? scaling.LongMagnitude : null) ?? scaling.Magnitude ?? LongMagnitude(scaling)));
            default:
                return (frequencies, 1);
        }
    }

    /// <summary>Lengths with the same number share their frequencies.</summary>
    public static int Variant(RopeScaling scaling, int length) => scaling.Kind switch
    {
        RopeScalingKind.Dynamic => Math.Max(length, scaling.OriginalContext),
        RopeScalingKind.LongRope => length > scaling.OriginalContext ? 1 : 0,
        _ => 0,
    };

    /// <summary>The base at which the longest wave is as much longer as the sequence is, by factor.</summary>
    static double DynamicTheta(RopeConfig rope, int length)
    {
        var (scaling, stretch) = (rope.Scaling, (double)Math.Max(length, rope.Scaling.OriginalContext) / rope.Scaling.OriginalContext);
        return rope.Theta * Math.Pow((scaling.Factor * stretch) - (scaling.Factor - 1), rope.Dims / (rope.Dims - 2.0));
    }

    /// <summary>
    /// arXiv 2309.00071 §3.2: dimension i turns OriginalContext * frequency / 2π times in the original context. With more than
    /// BetaFast turns it stays, with fewer than BetaSlow it is divided, and between the two mixes along a ramp over i.
    /// </summary>
    static void Yarn(double[] frequencies, RopeConfig rope)
    {
        var (dims, scaling) = (rope.Dims, rope.Scaling);
        var (low, high) = (Dimension(scaling.BetaFast), Dimension(scaling.BetaSlow));
        if (scaling.Truncate) (low, high) = (Math.Floor(low), Math.Ceiling(high));
        (low, high) = (Math.Max(0, low), Math.Min(dims - 1, high));
        for (var i = 0; i < frequencies.Length; i++)
        {
            var kept = 1 - Math.Clamp((i - low) / Math.Max(0.001, high - low), 0, 1);
            frequencies[i] *= kept + ((1 - kept) / scaling.Factor);
        }

        double Dimension(double turns) => dims * Math.Log(scaling.OriginalContext / (turns * 2 * Math.PI)) / (2 * Math.Log(rope.Theta));
    }

    static void Llama3(double[] frequencies, RopeScaling scaling)
    {
        var (low, high) = (scaling.LowFrequencyFactor, scaling.HighFrequencyFactor);
        foreach (ref var frequency in frequencies.AsSpan())
        {
            var waves = scaling.OriginalContext * frequency / (2 * Math.PI);    // in the original context
            var kept = Math.Clamp((waves - low) / (high - low), 0, 1);
            frequency *= kept + ((1 - kept) / scaling.Factor);
        }
    }

    /// <summary>arXiv 2402.13753 §3.3: sqrt(1 + ln(factor) / ln(original context)).</summary>
    static double LongMagnitude(RopeScaling scaling)
        => scaling.Factor <= 1 ? 1 : Math.Sqrt(1 + (Math.Log(scaling.Factor) / Math.Log(scaling.OriginalContext)));
}
