using System.Globalization;
using System.Runtime.InteropServices;

namespace Homegrown.Testing;

/// <summary>Numbers in files, and how far apart two rows of them are.</summary>
public static class Numbers
{
    /// <summary>Little-endian float32 values of a file.</summary>
    public static float[] Floats(string path) => MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(path)).ToArray();

    /// <summary>Whole numbers of a text file, between spaces or lines.</summary>
    public static int[] Integers(string path)
        => [.. File.ReadAllText(path).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(number => int.Parse(number, CultureInfo.InvariantCulture))];

    /// <summary>Normalised mean squared error: sum of (a - reference)² over sum of reference².</summary>
    public static double Nmse(ReadOnlySpan<float> a, ReadOnlySpan<float> reference)
    {
        if (a.Length != reference.Length) throw new ArgumentException($"{a.Length} values, {reference.Length} in the reference");
        var (error, power) = (0.0, 0.0);
        for (var i = 0; i < a.Length; i++)
        {
            var difference = (double)a[i] - reference[i];
            error += difference * difference;
            power += (double)reference[i] * reference[i];
        }

        return error / power;
    }

    /// <summary>Kullback-Leibler divergence of softmax(logits) from softmax(reference): sum of p_ref (ln p_ref - ln p), in nats.</summary>
    public static double Divergence(ReadOnlySpan<float> logits, ReadOnlySpan<float> reference)
    {
        var (norm, normReference) = (LogSum(logits), LogSum(reference));
        var sum = 0.0;
        for (var i = 0; i < logits.Length; i++)
        {
            var logReference = reference[i] - normReference;
            sum += Math.Exp(logReference) * (logReference - (logits[i] - norm));
        }

        return sum;
    }

    static double LogSum(ReadOnlySpan<float> logits)
    {
        var max = double.NegativeInfinity;
        foreach (var logit in logits) max = Math.Max(max, logit);
        var sum = 0.0;
        foreach (var logit in logits) sum += Math.Exp(logit - max);
        return max + Math.Log(sum);
    }
}
