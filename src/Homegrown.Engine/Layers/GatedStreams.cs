using Homegrown.Kernels;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Layers;

/// <summary>
/// Hyper-connections that weigh every channel of every stream by itself (Qwen4-Exp, Alibaba, 2026): streams are normed each, gated by a
/// product of low rank of them all, and read as their mean; a block's output is written to each by a share of its own, and streams keep
/// what they have.
/// </summary>
/// <param name="gains">Of the norm of each stream, [streams * hidden].</param>
/// <param name="down">From [streams * hidden] to the low rank; after it a share for each stream where a block writes.</param>
/// <param name="up">From the low rank to [streams * hidden].</param>
public sealed class GatedStreams(int streams, float[] gains, float epsilon, Linear down, Linear up, int rank) : IHyperConnection, INorm
{
    /// <summary>The mean of the gated streams, as a last norm: [tokens, streams * hidden] to [tokens, hidden].</summary>
    public Tensor Forward(Tensor x) => Read(x).Input;

    public (Tensor Input, Tensor Weights) Read(Tensor x)
    {
        var normed = RmsNorm.Forward(x, gains, epsilon, x.Columns / streams);
        var lower = Scale.Forward(down.Forward(normed), 1f / streams);       // [tokens, rank | streams]
        var gates = Activate.Forward(up.Forward(Activate.Forward(lower.Slice(0, rank), Activation.Silu)), Activation.Sigmoid);
        var even = x.Compute.Rent(x.Rows, streams);
        for (var row = 0; row < x.Rows; row++) even.Row(row).Fill(1f / streams);
        var shares = lower.Slice(rank, lower.Columns - rank);
        if (shares.Columns > 0) Scale.Forward(Activate.Forward(shares, Activation.Sigmoid), 2);
        return (MixStreams.Forward(Multiply.Forward(normed, gates), even, streams), shares);
    }

    public void Write(Tensor x, Tensor output, Tensor weights) => MixStreams.Add(x, output, weights, 1);
}
