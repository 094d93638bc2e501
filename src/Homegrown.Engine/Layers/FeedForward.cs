using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Layers;

/// <summary>What happens to each token by itself: a dense block, or experts.</summary>
public interface IFeedForward
{
    /// <summary>[tokens, hidden] to the same.</summary>
    Tensor Forward(Tensor x, Batch batch);
}

/// <summary>down(activation(gate x) * up x): the gated block (Shazeer 2020, arXiv 2002.05202), gate and up as one product.</summary>
public sealed class GatedLayer(Linear gateUp, Linear down, Gate gate) : IFeedForward
{
    public Tensor Forward(Tensor x, Batch batch) => down.Forward(gateUp.Forward(x), gate);
}

/// <summary>down(activation(up x)): the block without a gate.</summary>
public sealed class PlainLayer(Linear up, Linear down, Activation activation) : IFeedForward
{
    public Tensor Forward(Tensor x, Batch batch) => down.Forward(Activate.Forward(up.Forward(x), activation));
}
