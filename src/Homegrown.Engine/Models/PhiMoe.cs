using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;

namespace Homegrown.Engine.Models;

/// <summary>
/// Phi-3.5-MoE (Microsoft, 2024, arXiv 2404.14219 §2 and 2409.12136): layer norms and biases throughout, LongRoPE with a magnitude for
/// short and one for long sequences, two experts chosen one after the other by SparseMixer.
/// </summary>
public static class PhiMoe
{
    public static readonly Architecture Architecture = new("phimoe")
    {
        Maker = "Microsoft",
        Models = "Phi-3.5-MoE 16x3.8B",
        Folders = [new("phimoe")
        {
            Keys = KeyMap.Decoder.With(
                ("expert_router_jitter", "router_jitter_noise"),
                ("rope.scaling.short_mscale", "rope_parameters.short_mscale|rope_scaling.short_mscale"),
                ("rope.scaling.long_mscale", "rope_parameters.long_mscale|rope_scaling.long_mscale")),
            Names = NameMap.Llama.With(
                ("blk.{l}.ffn_gate_inp", "model.layers.{l}.block_sparse_moe.gate"),
                ("blk.{l}.ffn_gate_exps", "model.layers.{l}.block_sparse_moe.experts.{e}.w1"),
                ("blk.{l}.ffn_up_exps", "model.layers.{l}.block_sparse_moe.experts.{e}.w3"),
                ("blk.{l}.ffn_down_exps", "model.layers.{l}.block_sparse_moe.experts.{e}.w2")),
            Idle = ["input_jitter_noise", "lm_head_bias"],
        }],
        Load = (c, w) =>
        {
            var rope = RopeLayer.Halves(c.HeadDim, Rope(c, w));
            var routing = c.ReadRouting(RouterScores.SparseMixer, normalised: false) with { Jitter = c.Metadata.Optional("expert_router_jitter", 0.01f) };
            if (routing.Used != 2) throw c.Metadata.Error("expert_used_count", $"is {routing.Used}: SparseMixer chooses 2");
            return new Transformer(c, w, [rope], (layer, w) => new ResidualBlock(
                w.LayerNorm("attn_norm", c),
                new SelfAttention(layer, w, c.Hidden, c.Shape) { Rope = rope, Options = new() { Window = c.Window(layer) } },
                w.LayerNorm("ffn_norm", c),
                w.Experts(c, routing)), w.LayerNorm("output_norm", c));
        },
    };

    static RopeConfig Rope(ModelConfig c, Weights w)
    {
        var rope = w.LongRope(c);
        return c.ShortDivisorsOnly ? rope with { Scaling = rope.Scaling with { LongFactors = rope.Scaling.ShortFactors } } : rope;
    }
}
