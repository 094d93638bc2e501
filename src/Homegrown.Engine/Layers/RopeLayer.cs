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
    readonly RopeConfig rope;
    readonly float[] divisors;
    int variant;
    (double[] Frequencies, float Magnitude) turns;     // [dims / 2], radians per position; of the variant

    RopeLayer(RopePairing pairing, int headDim, RopeConfig rope, ReadOnlySpan<float> divisors)
    {
        (this.pairing, this.headDim, this.rope, this.divisors) = (pairing, headDim, rope, divisors.ToArray());
        turns = RopeFrequencies.Of(rope, divisors, 0);
        variant = RopeFrequencies.Variant(rope.Scaling, 0);
    }

    /// <summary>Pairs 2i, 2i + 1 (Llama's GGUF, whose converter reorders q and k for it).</summary>
    /// <param name="headDim">Numbers from one head to the next; the first that the rotation has turn.</param>
    /// <param name="divisors">rope_freqs: a divisor for each frequency (Llama 3.1's long context), or empty.</param>
    public static RopeLayer Adjacent(int headDim, RopeConfig rope, ReadOnlySpan<float> divisors = default) => new(RopePairing.Adjacent, headDim, rope, divisors);

    /// <summary>Pairs i, i + dims / 2 (Qwen, and whatever Hugging Face trained).</summary>
    public static RopeLayer Halves(int headDim, RopeConfig rope, ReadOnlySpan<float> divisors = default) => new(RopePairing.Halves, headDim, rope, divisors);

    /// <summary>Makes the step's cosines and sines, which outlive the layers' own tensors.</summary>
    public void Prepare(Batch batch) => batch.Rotations(this);

    /// <summary>Turns q or k, [tokens, heads * headDim], in place, to the rows' positions.</summary>
    public Tensor Apply(Tensor x, Batch batch)
    {
        Rope.Rotate(x, headDim, batch.Rotations(this), pairing);
        return x;
    }

    /// <summary>Sequences whose lengths have the same number turn alike.</summary>
    internal int Variant(int length) => RopeFrequencies.Variant(rope.Scaling, length);

    /// <summary>Cosines and sines of positions of sequences of one <see cref="Variant"/>, [positions, dims].</summary>
    internal Tensor Rotations(Compute compute, ReadOnlySpan<int> positions, int length)
    {
        if (Variant(length) is var wanted && wanted != variant) (variant, turns) = (wanted, RopeFrequencies.Of(rope, divisors, length));
        return Rope.Rotations(compute, positions, turns.Frequencies, turns.Magnitude);
    }
}
