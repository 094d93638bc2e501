using Homegrown.Engine.Cache;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Layers;

/// <summary>
/// A causal convolution of some tokens along each channel (Mamba, arXiv 2312.00752 §3.4), before a recurrence, or by itself between
/// two gates (LFM2, arXiv 2511.23404 §2). It keeps the last inputs of a sequence.
/// </summary>
public sealed class ShortConvolution
{
    readonly float[] weight, bias;
    readonly bool silu;
    readonly int state;

    /// <param name="weight">[channels, width], as files have it: the last of each channel meets a token's own input.</param>
    /// <param name="bias">[channels], or empty.</param>
    /// <param name="silu">The result goes through SiLU.</param>
    public ShortConvolution(float[] weight, float[] bias, int channels, bool silu, KvShape kept)
    {
        var width = weight.Length / channels;
        this.weight = new float[weight.Length];
        for (var i = 0; i < weight.Length; i++) this.weight[(i % width * channels) + (i / width)] = weight[i];
        (this.bias, this.silu, state) = (bias, silu, kept.AddState((width - 1) * channels));
    }

    /// <summary>[tokens, channels] to the same.</summary>
    public Tensor Forward(Tensor x, Batch batch) => CausalConvolution.Forward(x, weight, bias, silu, batch.State(state), batch.Rows);
}
