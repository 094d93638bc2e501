using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Layers;

/// <summary>One layer of a decoder: adds to the residual stream in place.</summary>
public interface IBlock
{
    /// <param name="x">The residual stream, [tokens, hidden].</param>
    void Forward(Tensor x, Batch batch);
}

/// <summary>Llama's block, and that of most: norm, mix, add; norm, feed forward, add. Families differ by where norms stand.</summary>
/// <param name="before">Of the mixer's input; null where it takes the stream as it is.</param>
/// <param name="between">Of the feed-forward block's input.</param>
public sealed class ResidualBlock(INorm? before, IMixer mixer, INorm? between, IFeedForward feedForward) : IBlock
{
    /// <summary>Of the mixer's output, before it is added (GLM-4, Gemma 2; OLMo 2 has only such).</summary>
    public INorm? AfterMixer { get; init; }

    /// <summary>Of the feed-forward block's output.</summary>
    public INorm? AfterFeedForward { get; init; }

    /// <summary>Multiplies what both add (MiniCPM, Granite).</summary>
    public float BranchScale { get; init; } = 1;

    public void Forward(Tensor x, Batch batch)
    {
        using (batch.Compute.Scope()) Add(x, AfterMixer, mixer.Forward(Normed(before, x), batch));      // what each half makes ends with it
        using (batch.Compute.Scope()) Add(x, AfterFeedForward, feedForward.Forward(Normed(between, x), batch));
    }

    void Add(Tensor x, INorm? after, Tensor branch)
    {
        if (BranchScale == 1) x += Normed(after, branch);
        else Scale.Add(x, Normed(after, branch), BranchScale);
    }

    static Tensor Normed(INorm? norm, Tensor x) => norm is null ? x : norm.Forward(x);
}

/// <summary>Mixer and feed-forward block side by side, on one norm or on one each (GPT-J's form; Cohere, GPT-NeoX).</summary>
/// <param name="second">Of the feed-forward block; null where both take the first.</param>
public sealed class ParallelBlock(INorm first, IMixer mixer, INorm? second, IFeedForward feedForward) : IBlock
{
    public void Forward(Tensor x, Batch batch)
    {
        var normed = first.Forward(x);
        var fed = feedForward.Forward(second is null ? normed : second.Forward(x), batch);
        x += mixer.Forward(normed, batch);
        x += fed;
    }
}
