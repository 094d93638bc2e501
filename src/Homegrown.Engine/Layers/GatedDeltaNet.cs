using Homegrown.Engine.Cache;
using Homegrown.Engine.Models;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Layers;

/// <summary>
/// The whole of a gated delta-net layer (Yang et al. 2024, arXiv 2412.06464 §3.4; Qwen3-Next): one product makes q, k, v, a gate, and two
/// numbers a head, how much is written and how far the state fades; q, k and v pass a short convolution; what comes out is normed by
/// head, gated and brought back.
/// </summary>
public sealed class GatedDeltaNet : IMixer
{
    readonly RecurrenceShape shape;
    readonly Linear input, output;
    readonly ShortConvolution convolution;
    readonly DeltaNet states;
    readonly float[] stepBias;
    readonly RmsNormLayer norm;

    /// <summary>
    /// Takes attn_qkv and attn_gate, or ssm_in, which has both by key head; ssm_beta and ssm_alpha, or ssm_ba, which has both by key head;
    /// ssm_conv1d, ssm_dt.bias, ssm_a, ssm_norm, ssm_out.
    /// </summary>
    /// <param name="width">Tokens that the convolution sees, its own included.</param>
    public GatedDeltaNet(Weights w, int hidden, RecurrenceShape shape, int width, float epsilon, KvShape kept)
    {
        this.shape = shape;
        var (keys, values) = (shape.KeyHeads * shape.KeyDim, shape.Heads * shape.ValueDim);
        input = w.Fused(hidden, [.. Mixed(w, shape), .. Strengths(w, shape)]);
        convolution = new(w.Matrix("ssm_conv1d", (2 * keys) + values, width), w.VectorOrEmpty("ssm_conv1d.bias", (2 * keys) + values), (2 * keys) + values, silu: true, kept);
        states = new(shape, w.Vector("ssm_a", shape.Heads), kept);
        stepBias = w.Vector("ssm_dt.bias", shape.Heads);
        norm = w.RmsNorm("ssm_norm", shape.ValueDim, epsilon);
        output = w.Linear("ssm_out", values, hidden);
    }

    /// <summary>Of the gate on what comes out.</summary>
    public Activation GateActivation { get; init; } = Activation.Silu;

    /// <summary>The heads by the keys <c>ssm.*</c>.</summary>
    public static RecurrenceShape ReadShape(ModelMetadata keys)
    {
        var (inner, heads, keyHeads) = (keys.Positive("ssm.inner_size"), keys.Positive("ssm.time_step_rank"), keys.Positive("ssm.group_count"));
        if (inner % heads != 0) throw keys.Error("ssm.inner_size", $"{inner} is no multiple of the {heads} heads");
        if (heads % keyHeads != 0) throw keys.Error("ssm.group_count", $"{keyHeads} key heads do not divide the {heads} heads");
        return new(heads, keyHeads, keys.Positive("ssm.state_size"), inner / heads);
    }

    public Tensor Forward(Tensor x, Batch batch)
    {
        var (keys, values, heads) = (shape.KeyHeads * shape.KeyDim, shape.Heads * shape.ValueDim, shape.Heads);
        var parts = input.Forward(x);                                        // [tokens, keys of q | keys of k | values of v | values of the gate | heads | heads]
        var gate = Activate.Forward(parts.Slice((2 * keys) + values, values), GateActivation);
        var beta = TimeStep.Bounded(parts.Slice(2 * (keys + values), heads));
        var steps = TimeStep.Forward(parts.Slice((2 * (keys + values)) + heads, heads), stepBias);
        var mixed = convolution.Forward(parts.Slice(0, (2 * keys) + values), batch);
        var y = states.Forward(mixed.Slice(0, keys), mixed.Slice(keys, keys), mixed.Slice(2 * keys, values), steps, beta, batch);
        return output.Forward(Multiply.Forward(norm.Forward(y), gate));
    }

    static ProductPart[] Mixed(Weights w, RecurrenceShape shape)
    {
        var (keys, values, own) = (shape.KeyHeads * shape.KeyDim, shape.Heads * shape.ValueDim, shape.Heads / shape.KeyHeads * shape.ValueDim);
        if (!w.Has("ssm_in")) return [("attn_qkv", (2 * keys) + values), ("attn_gate", values)];
        var each = 2 * (shape.KeyDim + own);                                 // of a key head: q, k, its values, their gates
        return
        [
            new("ssm_in", keys, new(0, shape.KeyDim, each)),
            new("ssm_in", keys, new(shape.KeyDim, shape.KeyDim, each)),
            new("ssm_in", values, new(2 * shape.KeyDim, own, each)),
            new("ssm_in", values, new((2 * shape.KeyDim) + own, own, each)),
        ];
    }

    static ProductPart[] Strengths(Weights w, RecurrenceShape shape)
    {
        if (!w.Has("ssm_ba")) return [("ssm_beta", shape.Heads), ("ssm_alpha", shape.Heads)];
        var own = shape.Heads / shape.KeyHeads;
        return [new("ssm_ba", shape.Heads, new(0, own, 2 * own)), new("ssm_ba", shape.Heads, new(own, own, 2 * own))];
    }
}
