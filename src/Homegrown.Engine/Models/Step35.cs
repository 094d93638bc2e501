using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Models;

/// <summary>
/// Step-3.5-Flash and Step 3.7 (StepFun, 2026, arXiv 2602.10604 §2): windows of 512 in three layers of four, which have 96 query heads for
/// 64 and turn whole where the others turn half; a sigmoid gate on each head's output, norms on heads; three dense layers, then 288
/// experts by sigmoid scores with a bias that only chooses, and one shared. What the paper does not say is in config.json of
/// stepfun-ai/Step-3.5-Flash: gates cut after their activation in single layers, Llama 3's stretch in full layers alone.
/// </summary>
/// <remarks>A folder's norms hold gain - 1, GGUF's the gain; its experts lie stacked.</remarks>
public static class Step35
{
    public static readonly Architecture Architecture = new("step35")
    {
        Maker = "StepFun",
        Models = "Step-3.5-Flash 196B-A11B, Step 3.7, the text part",
        Folders = [new("step3p5", "step3p7")
        {
            Keys = Step35Folder.Keys,
            Names = NameMap.Llama.With(
                ("blk.{l}.attn_norm", Gain("input_layernorm")),
                ("blk.{l}.ffn_norm", Gain("post_attention_layernorm")),
                ("blk.{l}.attn_q_norm", Gain("self_attn.q_norm")),
                ("blk.{l}.attn_k_norm", Gain("self_attn.k_norm")),
                ("output_norm", new("model.norm", (tensor, _) => tensor.Map(PlusOne))),
                ("blk.{l}.attn_gate", "model.layers.{l}.self_attn.g_proj"),
                ("blk.{l}.ffn_gate_inp", "model.layers.{l}.moe.gate"),
                ("blk.{l}.exp_probs_b.bias", "model.layers.{l}.moe.router_bias"),
                ("blk.{l}.ffn_gate_exps", "model.layers.{l}.moe.gate_proj"),
                ("blk.{l}.ffn_up_exps", "model.layers.{l}.moe.up_proj"),
                ("blk.{l}.ffn_down_exps", "model.layers.{l}.moe.down_proj"),
                ("blk.{l}.ffn_gate_shexp", "model.layers.{l}.share_expert.gate_proj"),
                ("blk.{l}.ffn_up_shexp", "model.layers.{l}.share_expert.up_proj"),
                ("blk.{l}.ffn_down_shexp", "model.layers.{l}.share_expert.down_proj")),
            Idle = Step35Folder.Idle,
        }],
        Load = (c, w) =>
        {
            // The full layers turn half of what the key says, and by the divisors that GGUF has for Llama 3's stretch.
            var dims = c.Rope.Dims / 2;
            var divisors = w.VectorOrEmpty("rope_freqs", c.HeadDim / 2);
            var full = RopeLayer.Halves(c.HeadDim, c.Rope with { Dims = dims }, divisors.AsSpan(0, Math.Min(dims / 2, divisors.Length)));
            var local = RopeLayer.Halves(c.HeadDim, RopeConfig.Read(c.Metadata, c.HeadDim, c.ContextLength, "_swa"));
            var routing = c.ReadRouting(RouterScores.Sigmoid, normalised: true);
            var (cuts, sharedCuts) = (c.Metadata.Numbers("swiglu_clamp_exp", c.Layers), c.Metadata.Numbers("swiglu_clamp_shexp", c.Layers));
            return new Transformer(c, w, [full, local], (layer, w) => new ResidualBlock(
                w.RmsNorm("attn_norm", c),
                new SelfAttention(layer, w, c.Hidden, c.Shapes[layer])
                {
                    Rope = c.Window(layer) is null ? full : local,
                    Norms = w.HeadNorms(c),
                    Gate = w.Linear("attn_gate", c.Hidden, c.Shapes[layer].Heads),
                    Options = new() { Window = c.Window(layer) },
                },
                w.RmsNorm("ffn_norm", c),
                w.Has("ffn_gate_inp") ? w.Experts(c, routing, Cut(cuts?[layer]), Cut(sharedCuts?[layer])) : w.Gated(c.Hidden, c.FeedForward, Cut(sharedCuts?[layer]))));
        },
    };

    /// <summary>0 stands for no limit.</summary>
    static Gate Cut(double? limit) => Gate.Silu with { Limit = limit > 0 ? (float)limit : null, CutsAfter = limit > 0 };

    static TensorRule Gain(string module) => new($"model.layers.{{l}}.{module}", (tensor, _) => tensor.Map(PlusOne));

    static float PlusOne(float gain) => 1 + gain;
}
