using Homegrown.Engine.Cache;
using Homegrown.Engine.Models;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Layers;

/// <summary>
/// The whole of MiniMax' lightning layer (arXiv 2501.08313 §2.2): q, k and v pass an activation and no softmax; what comes out is normed
/// over all heads and gated by a sigmoid.
/// </summary>
public sealed class LightningMixer : IMixer
{
    readonly Activation activation;
    readonly Linear qkv, gate, output;
    readonly LightningAttention states;
    readonly RmsNormLayer norm;
    readonly int width;

    /// <summary>Takes attn_qkv, which has q, k and v head by head, attn_gate, attn_norm_2 and attn_output.</summary>
    /// <param name="slopes">[heads].</param>
    /// <param name="activation">Of q, k and v.</param>
    /// <param name="epsilon">Of the norm on all heads.</param>
    public LightningMixer(Weights w, int hidden, int headDim, float[] slopes, Activation activation, float epsilon, KvShape kept)
    {
        (this.activation, width) = (activation, slopes.Length * headDim);
        qkv = w.Fused(hidden, Of(0), Of(1), Of(2));
        gate = w.Linear("attn_gate", hidden, width);
        states = new(new(slopes.Length, slopes.Length, headDim, headDim), slopes, scale: 1, kept);
        norm = w.RmsNorm("attn_norm_2", width, epsilon);
        output = w.Linear("attn_output", width, hidden);

        ProductPart Of(int which) => new("attn_qkv", width, new(which * headDim, headDim, 3 * headDim));
    }

    public Tensor Forward(Tensor x, Batch batch)
    {
        var parts = Activate.Forward(qkv.Forward(x), activation);            // [tokens, width of q | of k | of v]
        var y = norm.Forward(states.Forward(parts.Slice(0, width), parts.Slice(width, width), parts.Slice(2 * width, width), batch));
        return output.Forward(Multiply.Forward(y, Activate.Forward(gate.Forward(x), Activation.Sigmoid)));
    }
}
