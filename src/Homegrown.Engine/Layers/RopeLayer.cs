using Homegrown.Engine.Models;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Layers;

/// <summary>
/// Rotary positions as one family defines them: which numbers pair up, how fast each pair turns, and what stretching the context
/// does to that. One instance serves all layers that turn alike, so its cosines are computed once a step.
/// </summary>
public sealed class RopeLayer
{
    readonly int headDim;
    readonly RopePairing pairing;
    readonly double[] frequencies;   // [dims / 2], radians per position
    readonly float magnitude;        // YaRN's attention factor, on q and k alike

    RopeLayer(ModelConfig config, RopePairing pairing, ReadOnlySpan<float> divisors)
    {
        (headDim, this.pairing) = (config.HeadDim, pairing);
        (frequencies, magnitude) = Frequencies(config.RopeDims, config.RopeTheta, config.RopeScaling, divisors);
    }

    /// <summary>Pairs 2i, 2i + 1 (Llama's GGUF, whose converter reorders q and k for it).</summary>
    /// <param name="divisors">rope_freqs: a divisor for each frequency (Llama 3.1's long context), or empty.</param>
    public static RopeLayer Adjacent(ModelConfig config, ReadOnlySpan<float> divisors = default) => new(config, RopePairing.Adjacent, divisors);

    /// <summary>Pairs i, i + dims / 2 (Qwen, and whatever Hugging Face trained).</summary>
    public static RopeLayer Halves(ModelConfig config, ReadOnlySpan<float> divisors = default) => new(config, RopePairing.Halves, divisors);

    /// <summary>Makes the step's cosines and sines, which outlive the layers' own tensors.</summary>
    public void Prepare(Batch batch) => batch.Rotations(this);

    /// <summary>Turns q or k, [tokens, heads * headDim], in place, to the rows' positions.</summary>
    public Tensor Apply(Tensor x, Batch batch)
    {
        Rope.Rotate(x, headDim, batch.Rotations(this), pairing);
        return x;
    }

    /// <summary>Cosines and sines of the batch's positions, [tokens, dims].</summary>
    internal Tensor Rotations(Compute compute, ReadOnlySpan<int> positions) => Rope.Rotations(compute, positions, frequencies, magnitude);

    /// <summary>Radians per position of each pair, and the factor on the turned vectors.</summary>
    internal static (double[] Frequencies, float Magnitude) Frequencies(int dims, double theta, RopeScaling scaling, ReadOnlySpan<float> divisors)
    {
        var frequencies = new double[dims / 2];
        for (var i = 0; i < frequencies.Length; i++)
        {
            frequencies[i] = Math.Pow(theta, -2.0 * i / dims);
            if (!divisors.IsEmpty) frequencies[i] /= divisors[i];
        }

        if (scaling.Kind == RopeScalingKind.None) return (frequencies, 1);
        if (scaling.Kind == RopeScalingKind.Linear)
        {
            for (var i = 0; i < frequencies.Length; i++) frequencies[i] /= scaling.Factor;
            return (frequencies, 1);
        }

        // YaRN, arXiv 2309.00071 §3.2: dimension i turns OriginalContext * frequency / 2π times in the original context. With more
        // than BetaFast turns it stays, with fewer than BetaSlow it is divided, and between the two mixes along a ramp over i.
        var low = Math.Max(0, Math.Floor(Dimension(scaling.BetaFast)));
        var high = Math.Min(dims - 1, Math.Ceiling(Dimension(scaling.BetaSlow)));
        for (var i = 0; i < frequencies.Length; i++)
        {
            var kept = 1 - Math.Clamp((i - low) / Math.Max(0.001, high - low), 0, 1);
            frequencies[i] *= kept + ((1 - kept) / scaling.Factor);
        }

        // §3.4: the softmax temperature, put on q and k: each is multiplied by its root. A factor at or below 1 changes nothing.
        var attention = scaling.Factor > 1 ? (0.1 * Math.Log(scaling.Factor)) + 1 : 1;
        return (frequencies, (float)(attention * scaling.AttentionFactor));

        double Dimension(double turns) => dims * Math.Log(scaling.OriginalContext / (turns * 2 * Math.PI)) / (2 * Math.Log(theta));
    }
}
