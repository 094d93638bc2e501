using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;

namespace Homegrown.Engine.Layers;

/// <summary>One layer of a decoder: adds to the residual stream in place.</summary>
public interface IBlock
{
    /// <param name="x">The residual stream, [tokens, hidden].</param>
    void Forward(Tensor x, Batch batch);
}

/// <summary>Llama's block, and that of most: norm, mix, add; norm, feed forward, add.</summary>
public sealed class PreNormBlock(INorm before, IMixer mixer, INorm between, IFeedForward feedForward) : IBlock
{
    public void Forward(Tensor x, Batch batch)
    {
        x += mixer.Forward(before.Forward(x), batch);
        x += feedForward.Forward(between.Forward(x), batch);
    }
}
