using Homegrown.Engine.Folders;
using Homegrown.Engine.Formats;
using Homegrown.Engine.Layers;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Models;

/// <summary>
/// gpt-oss-20b and 120b (OpenAI, 2025, arXiv 2508.10925 §2): windows in every other layer, a sink for each head, biases everywhere, YaRN without
/// rounding of its ramp; experts whose chosen scores pass the softmax, with a clamped gate, steeper than SwiGLU's.
/// </summary>
/// <remarks>A folder keeps gate and up row by row in turn, its bfloat16 experts as [in, out].</remarks>
public static class GptOss
{
    public static readonly Architecture Architecture = new("gpt-oss")
    {
        Maker = "OpenAI",
        Models = "gpt-oss 20b and 120b",
        Folders = [new("gpt_oss")
        {
            Keys = KeyMap.Decoder.With(
                ("expert_feed_forward_length", "intermediate_size"),
                ("swiglu_alpha", "swiglu_alpha"),
                ("swiglu_limit", "swiglu_limit")),
            Names = NameMap.Llama.With(
                ("blk.{l}.attn_sinks", "model.layers.{l}.self_attn.sinks"),
                ("blk.{l}.post_attention_norm", "model.layers.{l}.post_attention_layernorm"),
                ("blk.{l}.ffn_gate_inp", "model.layers.{l}.mlp.router"),
                ("blk.{l}.ffn_gate_exps", new("model.layers.{l}.mlp.experts.gate_up_proj", (tensor, _) => Every2nd(Outwards(tensor), 0))),
                ("blk.{l}.ffn_up_exps", new("model.layers.{l}.mlp.experts.gate_up_proj", (tensor, _) => Every2nd(Outwards(tensor), 1))),
                ("blk.{l}.ffn_down_exps", new("model.layers.{l}.mlp.experts.down_proj", (tensor, _) => Outwards(tensor))),
                ("blk.{l}.ffn_gate_exps.bias", new("model.layers.{l}.mlp.experts.gate_up_proj_bias", (tensor, _) => Every2nd(tensor, 0))),
                ("blk.{l}.ffn_up_exps.bias", new("model.layers.{l}.mlp.experts.gate_up_proj_bias", (tensor, _) => Every2nd(tensor, 1))),
                ("blk.{l}.ffn_down_exps.bias", "model.layers.{l}.mlp.experts.down_proj_bias")),
            Idle = ["experts_per_token", "initial_context_length"],
        }],
        Load = (c, w) =>
        {
            c = c.WithFullLayers(period: 2, full: 1);
            var rope = RopeLayer.Halves(c.HeadDim, c.Rope with { Scaling = c.Rope.Scaling with { Truncate = false } });
            var routing = c.ReadRouting(RouterScores.SoftmaxOfChosen, normalised: false);
            var gate = new Gate(Activation.Silu)
            {
                Alpha = c.Metadata.Optional("swiglu_alpha", 1.702f),
                Limit = c.Metadata.Optional("swiglu_limit", 7f),
                Shift = 1,
            };
            return new Transformer(c, w, [rope], (layer, w) => new ResidualBlock(
                w.RmsNorm("attn_norm", c),
                new SelfAttention(layer, w, c.Hidden, c.Shape)
                {
                    Rope = rope,
                    Options = new() { Window = c.Window(layer), Sinks = w.Vector("attn_sinks", c.Heads) },
                },
                w.RmsNorm("post_attention_norm", c),
                w.Experts(c, routing, gate)));
        },
    };

    /// <summary>[experts, in, out] to [experts, out, in]; MXFP4 is stored outwards already.</summary>
    static ModelTensor Outwards(ModelTensor tensor) => tensor.Type == Kernels.Quant.TensorType.MXFP4 ? tensor : tensor.Transposed();

    /// <summary>Rows 0, 2, 4.. or 1, 3, 5.. of each expert's matrix or vector.</summary>
    static ModelTensor Every2nd(ModelTensor tensor, int first)
    {
        var (experts, rows) = (tensor.Shape[0], tensor.Shape[1]);
        var columns = tensor.Shape.Count > 2 ? tensor.Shape[2] : 1;
        return tensor.As(experts * rows, columns).Rows(experts * rows / 2, row => (2 * row) + first)
            .As(tensor.Shape.Count > 2 ? [experts, rows / 2, columns] : [experts, rows / 2]);
    }
}
