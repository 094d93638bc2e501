using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Layers;

/// <summary>
/// What stands around a mixer or a feed-forward block where the residual stream is several, side by side in a row (hyper-connections,
/// Zhu et al. 2024, arXiv 2409.19606 §2): the block reads one mixture of them, and what it gives is dealt out to all.
/// </summary>
public interface IHyperConnection
{
    /// <summary>[tokens, streams * hidden] to what the block reads, [tokens, hidden], and the weights for <see cref="Write"/>.</summary>
    (Tensor Input, Tensor Weights) Read(Tensor x);

    /// <summary>Deals out what the block gave, [tokens, hidden], to the streams, in place.</summary>
    void Write(Tensor x, Tensor output, Tensor weights);
}

/// <summary><see cref="ResidualBlock"/> on several streams: connections stand in place of the sums.</summary>
/// <param name="before">Of the mixer's input; null where the connection norms it.</param>
/// <param name="between">Of the feed-forward block's input.</param>
public sealed class HyperBlock(
    IHyperConnection aroundMixer, INorm? before, IMixer mixer, IHyperConnection aroundFeedForward, INorm? between, IFeedForward feedForward) : IBlock
{
    public void Forward(Tensor x, Batch batch)
    {
        var (input, weights) = aroundMixer.Read(x);
        aroundMixer.Write(x, mixer.Forward(before?.Forward(input) ?? input, batch), weights);
        (input, weights) = aroundFeedForward.Read(x);
        aroundFeedForward.Write(x, feedForward.Forward(between?.Forward(input) ?? input, batch), weights);
    }
}

/// <summary>The last norm of a model of several streams, on their mean (GLM-5-Next).</summary>
public sealed class MeanOfStreams(int streams, INorm norm) : INorm
{
    /// <summary>[tokens, streams * hidden] to [tokens, hidden].</summary>
    public Tensor Forward(Tensor x)
    {
        var weights = x.Compute.Rent(x.Rows, streams);
        for (var row = 0; row < x.Rows; row++) weights.Row(row).Fill(1f / streams);
        return norm.Forward(MixStreams.Forward(x, weights, streams));
    }
}
