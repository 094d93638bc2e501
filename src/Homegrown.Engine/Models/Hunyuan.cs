using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;

namespace Homegrown.Engine.Models;

/// <summary>
/// Hunyuan 0.5B to 7B and A13B (Tencent, 2025; Hunyuan-Large: arXiv 2411.02265 §2.2): Llama's block with head norms after q and k have
/// turned. A13B has experts, softmax scores of which the chosen are normalised, and a shared one.
/// </summary>
/// <remarks>The folder's "dynamic" scaling with an alpha is a fixed base, theta * alpha^(d / (d - 2)), which GGUF has as freq_base.</remarks>
public static class Hunyuan
{
    static readonly KeyMap Keys = KeyMap.Decoder.With(
        ("rope.freq_base", c => c.Number("rope_theta") * Math.Pow(c.Number("rope_scaling.alpha") ?? c.Number("rope_parameters.alpha") ?? 1, Exponent(c))
            ?? c.Number("rope_parameters.rope_theta") * Math.Pow(c.Number("rope_parameters.alpha") ?? 1, Exponent(c))),
        ("rope.scaling.type", c => null));

    static readonly NameMap Names = NameMap.Experts.With(
        ("blk.{l}.attn_q_norm", "model.layers.{l}.self_attn.query_layernorm"),
        ("blk.{l}.attn_k_norm", "model.layers.{l}.self_attn.key_layernorm"),
        ("blk.{l}.ffn_gate_inp", "model.layers.{l}.mlp.gate.wg"),
        ("blk.{l}.ffn_gate_shexp", "model.layers.{l}.mlp.shared_mlp.gate_proj"),
        ("blk.{l}.ffn_up_shexp", "model.layers.{l}.mlp.shared_mlp.up_proj"),
        ("blk.{l}.ffn_down_shexp", "model.layers.{l}.mlp.shared_mlp.down_proj"));

    public static readonly Architecture Dense = new("hunyuan-dense")
    {
        Maker = "Tencent",
        Models = "Hunyuan 0.5B to 7B, Hunyuan-MT 7B",
        Folders = [new("hunyuan_v1_dense") { Keys = Keys, Names = Names, Idle = ["eod_token_id"] }],
        Load = (c, w) => Build(c, w, null),
    };

    public static readonly Architecture MixtureOfExperts = new("hunyuan-moe")
    {
        Maker = "Tencent",
        Models = "Hunyuan-A13B (80B)",
        Folders = [new("hunyuan_v1_moe")
        {
            Keys = Keys.With(
                ("expert_used_count", c => c.Integer("moe_topk") ?? (c.Find("moe_topk") as long[])?[0]),
                ("expert_shared_feed_forward_length", c => c.Integer("intermediate_size") * (c.Integer("num_shared_expert") ?? (c.Find("num_shared_expert") as long[])?[0] ?? 1))),
            Names = Names,
            Idle = ["eod_token_id", "moe_intermediate_size", "norm_topk_prob"],
        }],
        Load = (c, w) => Build(c, w, c.ReadRouting(RouterScores.Softmax, normalised: true)),
    };

    static Transformer Build(ModelConfig c, Weights w, Routing? routing)
    {
        var rope = RopeLayer.Halves(c.HeadDim, c.Rope);
        return new(c, w, [rope], (layer, w) => new ResidualBlock(
            w.RmsNorm("attn_norm", c),
            new SelfAttention(layer, w, c.Hidden, c.Shape) { Rope = rope, Norms = w.HeadNorms(c), NormsTurned = true },
            w.RmsNorm("ffn_norm", c),
            routing is null ? w.Gated(c) : w.Experts(c, routing)));
    }

    static double Exponent(FolderConfig c) => c.Number("head_dim") is { } width ? width / (width - 2) : 1;
}
