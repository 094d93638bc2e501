using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;

namespace Homegrown.Engine.Layers;

/// <summary>The first transformers' block (Vaswani et al. 2017, arXiv 1706.03762 §3.1), and BERT's: mix, add, norm; feed forward, add, norm.</summary>
public sealed class PostNormBlock(IMixer mixer, INorm afterMixer, IFeedForward feedForward, INorm afterFeedForward) : IBlock
{
    public void Forward(Tensor x, Batch batch)
    {
        x += mixer.Forward(x, batch);
        Replace(x, afterMixer.Forward(x));
        x += feedForward.Forward(x, batch);
        Replace(x, afterFeedForward.Forward(x));
    }

    static void Replace(Tensor x, Tensor y)
    {
        for (var row = 0; row < x.Rows; row++) y.Row(row).CopyTo(x.Row(row));
    }
}
