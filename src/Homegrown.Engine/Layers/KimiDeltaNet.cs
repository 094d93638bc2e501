using Homegrown.Engine.Cache;
using Homegrown.Engine.Models;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Layers;

/// <summary>
/// The whole of a layer of Kimi delta attention (Kimi Linear, arXiv 2510.26692 §3): q, k and v pass a short convolution; how far each channel
/// of the state fades comes through a narrow product, and so does the gate on what comes out, which is normed by head before it.
/// </summary>
public sealed class KimiDeltaNet : IMixer
{
    readonly RecurrenceShape shape;
    readonly Linear input, fade, gate, output;
    readonly ShortConvolution convolution;
    readonly DeltaNet states;
    readonly float[] stepBias, rates;
    readonly float? most;
    readonly RmsNormLayer norm;

    /// <summary>
    /// Takes attn_q, attn_k, attn_v and their ssm_conv1d_q, _k, _v; ssm_f_a, ssm_f_b, ssm_dt.bias and ssm_a; ssm_beta; ssm_g_a, ssm_g_b, ssm_norm;
    /// attn_output.
    /// </summary>
    /// <param name="shape">Heads of keys as many as of values, and as wide.</param>
    /// <param name="width">Tokens that the convolution sees, its own included.</param>
    /// <param name="lowerBound">Of the logarithm by which a channel fades in a step (safe gate); null where it has none.</param>
    public KimiDeltaNet(Weights w, int hidden, RecurrenceShape shape, int width, float? lowerBound, float epsilon, KvShape kept)
    {
        (this.shape, most) = (shape, -lowerBound);
        var (heads, dim, all) = (shape.Heads, shape.KeyDim, shape.Heads * shape.KeyDim);
        input = w.Fused(hidden, ("attn_q", all), ("attn_k", all), ("attn_v", all), ("ssm_f_a", dim), ("ssm_g_a", dim), ("ssm_beta", heads));
        float[] taps = [.. w.Matrix("ssm_conv1d_q", all, width), .. w.Matrix("ssm_conv1d_k", all, width), .. w.Matrix("ssm_conv1d_v", all, width)];
        convolution = new(taps, [], 3 * all, silu: true, kept);
        (fade, gate) = (w.Linear("ssm_f_b", dim, all), w.Linear("ssm_g_b", dim, all));
        stepBias = w.Vector("ssm_dt.bias", all);
        var fading = w.Vector("ssm_a", heads);
        rates = [.. fading.Select(rate => -rate)];
        states = new(shape, lowerBound is null ? fading : [.. rates.Select(_ => -1f)], kept);
        norm = w.RmsNorm("ssm_norm", dim, epsilon);
        output = w.Linear("attn_output", all, hidden);
    }

    public Tensor Forward(Tensor x, Batch batch)
    {
        var (heads, dim, all) = (shape.Heads, shape.KeyDim, shape.Heads * shape.KeyDim);
        var parts = input.Forward(x);                                        // [tokens, all of q | of k | of v | dim | dim | heads]
        var faded = fade.Forward(parts.Slice(3 * all, dim));
        var steps = most is { } bound ? TimeStep.Bounded(faded, stepBias, rates, bound) : TimeStep.Forward(faded, stepBias);
        var open = Activate.Forward(gate.Forward(parts.Slice((3 * all) + dim, dim)), Activation.Sigmoid);
        var beta = TimeStep.Bounded(parts.Slice((3 * all) + (2 * dim), heads));
        var mixed = convolution.Forward(parts.Slice(0, 3 * all), batch);
        var y = states.Forward(mixed.Slice(0, all), mixed.Slice(all, all), mixed.Slice(2 * all, all), steps, beta, batch);
        return output.Forward(Multiply.Forward(norm.Forward(y), open));
    }
}
