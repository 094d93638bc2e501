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
    readonly int first;
    readonly bool back;
    int variant;
    (double[] Frequencies, float Magnitude) turns;     // [dims / 2], radians per position; of the variant

    RopeLayer(RopePairing pairing, int headDim, RopeConfig rope, ReadOnlySpan<float> divisors, int first = 0, bool back = false)
    {
        (this.pairing, this.headDim, this.rope, this.divisors, this.first, this.back) = (pairing, headDim, rope, divisors.ToArray(), first, back);
        turns = RopeFrequencies.Of(rope, divisors, 0);
        variant = RopeFrequencies.Variant(rope.Scaling, 0);
    }

    /// <summary>Pairs 2i, 2i + 1 (Llama's GGUF, whose converter reorders q and k for it).</summary>
    /// <param name="headDim">Numbers from one head to the next; the first that the rotation has turn.</param>
    /// <param name="divisors">rope_freqs: a divisor for each frequency (Llama 3.1's long context), or empty.</param>
    public static RopeLayer Adjacent(int headDim, RopeConfig rope, ReadOnlySpan<float> divisors = default) => new(RopePairing.Adjacent, headDim, rope, divisors);

    /// <summary>Pairs i, i + dims / 2 (Qwen, and whatever Hugging Face trained).</summary>
    public static RopeLayer Halves(int headDim, RopeConfig rope, ReadOnlySpan<float> divisors = default) => new(RopePairing.Halves, headDim, rope, divisors);

    /// <summary>The same rotation at the end of heads of <paramref name="width"/>.</summary>
    public RopeLayer AtEndOf(int width) => new(pairing, width, rope, divisors, width - rope.Dims, back);

    /// <summary>The same rotation the other way round: what it turns, this turns back.</summary>
    public RopeLayer Back() => new(pairing, headDim, rope, divisors, first, !back);

    /// <summary>Makes the step's cosines and sines, which outlive the layers' own tensors.</summary>
    public void Prepare(Batch batch) => batch.Rotations(this);

    /// <summary>Turns q or k, [tokens, heads * headDim], in place, to the rows' positions.</summary>
    public Tensor Apply(Tensor x, Batch batch)
    {
        Rope.Rotate(x.Slice(first, x.Columns - first), headDim, batch.Rotations(this), pairing);
        return x;
    }

    /// <summary>Turns rows that are not the step's, in place, to positions of their own, [rows].</summary>
    public Tensor Apply(Tensor x, ReadOnlySpan<int> positions)
    {
        Rope.Rotate(x.Slice(first, x.Columns - first), headDim, Rotations(x.Compute, positions, 0), pairing);
        return x;
    }

    /// <summary>
    /// From this length on all positions turn otherwise (LongRoPE): keys of both kinds in one sequence are what no model was trained with, so
    /// that it is read again, as in Phi-3's own program. Dynamic stretches change with every token; there keys stay as they were turned.
    /// </summary>
    internal bool TurnsOtherwiseFrom(int length) => rope.Scaling.Kind == RopeScalingKind.LongRope && length == rope.Scaling.OriginalContext + 1;

    /// <summary>Sequences whose lengths have the same number turn alike.</summary>
    internal int Variant(int length) => RopeFrequencies.Variant(rope.Scaling, length);

    /// <summary>Cosines and sines of positions of sequences of one <see cref="Variant"/>, [positions, dims].</summary>
    internal Tensor Rotations(Compute compute, ReadOnlySpan<int> positions, int length)
    {
        if (Variant(length) is var wanted && wanted != variant) (variant, turns) = (wanted, RopeFrequencies.Of(rope, divisors, length));
        var rotations = Rope.Rotations(compute, positions, turns.Frequencies, turns.Magnitude);
        if (back) Scale.Forward(rotations.Slice(rotations.Columns / 2, rotations.Columns / 2), -1);      // the sines
        return rotations;
    }
}
