using Homegrown.Engine.Cache;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Layers;

/// <summary>
/// The gated delta rule on normalised queries and keys (Gated DeltaNet, Yang et al. 2024, arXiv 2412.06464; Qwen3-Next), and with a
/// decay for each channel of the key Kimi delta attention (arXiv 2510.26692 §3). A sequence keeps a matrix for each head.
/// </summary>
public sealed class DeltaNet
{
    const float Epsilon = 1e-6f;    // inside the root of the sum of squares, whatever the configuration says

    readonly RecurrenceShape shape;
    readonly RecurrenceOptions options;
    readonly float[] unit;
    readonly int state;

    /// <param name="rates">[heads]: -exp(A_log).</param>
    public DeltaNet(RecurrenceShape shape, float[] rates, KvShape kept)
    {
        this.shape = shape;
        options = new() { Rates = rates, Delta = true, Scale = 1 / MathF.Sqrt(shape.KeyDim) };
        state = kept.AddState(shape.StateFloats);

        // x / sqrt(sum x² + epsilon) is the root-mean-square norm with gain 1 / sqrt(keyDim) and epsilon / keyDim.
        unit = [.. Enumerable.Repeat(1 / MathF.Sqrt(shape.KeyDim), shape.KeyDim)];
    }

    /// <param name="q">[tokens, keyHeads * keyDim], after the convolution.</param>
    /// <param name="k">[tokens, keyHeads * keyDim].</param>
    /// <param name="v">[tokens, heads * valueDim].</param>
    /// <param name="steps">How far the state fades, [tokens, heads] or [tokens, heads * keyDim]: <see cref="TimeStep"/>.</param>
    /// <param name="beta">How much of a value is written, 0 to 1, [tokens, heads].</param>
    /// <returns>[tokens, heads * valueDim], to be normed by head and gated.</returns>
    public Tensor Forward(Tensor q, Tensor k, Tensor v, Tensor steps, Tensor beta, Batch batch)
        => LinearRecurrence.Forward(Unit(q), Unit(k), v, steps, beta, batch.State(state), batch.Rows, shape, options);

    Tensor Unit(Tensor x) => RmsNorm.Forward(x, unit, Epsilon / shape.KeyDim);
}
