using Homegrown.Kernels;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Layers;

/// <summary>What happens to each token by itself: a dense block, or experts.</summary>
public interface IFeedForward
{
    /// <summary>[tokens, hidden] to the same.</summary>
    Tensor Forward(Tensor x, Scheduling.Batch batch);
}

/// <summary>down(silu(gate x) * up x): the gated feed-forward block, gate and up as one product.</summary>
public sealed class SwiGluLayer(Linear gateUp, Linear down) : IFeedForward
{
    public Tensor Forward(Tensor x, Scheduling.Batch batch) => Forward(x);

    public Tensor Forward(Tensor x) => down.Forward(SwiGlu.Forward(gateUp.Forward(x)));
}

/// <summary>The gated block with another gate than SwiGLU's.</summary>
public sealed class GatedLayer(Linear gateUp, Linear down, Gate gate) : IFeedForward
{
    public Tensor Forward(Tensor x, Scheduling.Batch batch) => down.Forward(Gated.Forward(gateUp.Forward(x), gate));
}

/// <summary>down(activation(up x)): the block without a gate.</summary>
public sealed class PlainLayer(Linear up, Linear down, Activation activation) : IFeedForward
{
    public Tensor Forward(Tensor x, Scheduling.Batch batch) => down.Forward(Activate.Forward(up.Forward(x), activation));
}
