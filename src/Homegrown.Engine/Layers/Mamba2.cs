using Homegrown.Engine.Cache;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Layers;

/// <summary>
/// The selective state space of Mamba-2 (Dao and Gu 2024, arXiv 2405.21060): linear attention in which C asks, B is the key, x the
/// value, and a step says how much enters and how much fades. Groups of heads share B and C.
/// </summary>
public sealed class Mamba2
{
    readonly RecurrenceShape shape;
    readonly RecurrenceOptions options;
    readonly float[] stepBias;
    readonly float least, most;
    readonly int state;

    /// <param name="heads">Heads of x.</param>
    /// <param name="groups">Heads of B and C.</param>
    /// <param name="rates">[heads]: -exp(A_log).</param>
    /// <param name="skip">[heads]: D.</param>
    /// <param name="stepBias">[heads]: dt_bias.</param>
    /// <param name="limits">The shortest and longest step.</param>
    public Mamba2(int heads, int groups, int stateDim, int headDim, float[] rates, float[] skip, float[] stepBias, (float Least, float Most) limits, KvShape kept)
    {
        shape = new(heads, groups, stateDim, headDim);
        options = new() { Rates = rates, Skip = skip };
        (this.stepBias, (least, most)) = (stepBias, limits);
        state = kept.AddState(shape.StateFloats);
    }

    /// <param name="x">[tokens, heads * headDim], after the convolution.</param>
    /// <param name="b">[tokens, groups * stateDim].</param>
    /// <param name="c">[tokens, groups * stateDim].</param>
    /// <param name="dt">[tokens, heads], as projected.</param>
    /// <returns>[tokens, heads * headDim].</returns>
    public Tensor Forward(Tensor x, Tensor b, Tensor c, Tensor dt, Batch batch)
    {
        var steps = TimeStep.Forward(dt, stepBias, least, most);
        return LinearRecurrence.Forward(c, b, x, steps, steps, batch.State(state), batch.Rows, shape, options);
    }
}
