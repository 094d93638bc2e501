using Homegrown.Engine.Cache;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Layers;

/// <summary>
/// Linear attention whose past fades by a constant of each head (Lightning Attention-2, arXiv 2401.04658; MiniMax-01, arXiv
/// 2501.08313 §2.2). A sequence keeps a matrix for each head.
/// </summary>
public sealed class LightningAttention
{
    readonly RecurrenceShape shape;
    readonly RecurrenceOptions options;
    readonly int state;

    /// <param name="slopes">[heads]: a state fades by exp(-slope) a token.</param>
    /// <param name="scale">On the results; 1 for MiniMax.</param>
    public LightningAttention(RecurrenceShape shape, float[] slopes, float scale, KvShape kept)
    {
        this.shape = shape;
        options = new() { Rates = [.. slopes.Select(slope => -slope)], Scale = scale };
        state = kept.AddState(shape.StateFloats);
    }

    /// <summary>
    /// MiniMax' slopes: 2^(-8 (h + 1) / heads), also where heads are no power of two, fading from the first layer to the last.
    /// </summary>
    public static float[] MiniMaxSlopes(int heads, int layer, int layers)
        => [.. Enumerable.Range(1, heads).Select(h => (float)(Math.Pow(2, -8.0 * h / heads) * (1 - (layer / (layers - 1 + 1e-5)) + 1e-5)))];

    /// <summary>q, k and v, [tokens, heads * dim], after their activation, to [tokens, heads * dim].</summary>
    public Tensor Forward(Tensor q, Tensor k, Tensor v, Batch batch)
        => LinearRecurrence.Forward(q, k, v, null, null, batch.State(state), batch.Rows, shape, options);
}
