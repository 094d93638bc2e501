using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;

namespace Homegrown.Engine.Models;

/// <summary>
/// MiniMax-M2 to M2.5 (MiniMax, 2025): full attention with one norm over all heads of q and one over those of k, half of each head turning
/// by halves; experts in every layer by sigmoid scores with a bias that only chooses, none shared.
/// </summary>
public static class MiniMaxM2
{
    public static readonly Architecture Architecture = new("minimax-m2")
    {
        Maker = "MiniMax",
        Models = "MiniMax-M2 to M2.5 230B-A10B",
        Folders = [new("minimax_m2")
        {
            Keys = KeyMap.Decoder.With(("rope.dimension_count", c => c.Integer("rotary_dim") ?? FolderRope.Dimensions(c))),
            Names = NameMap.Llama.With(
                ("blk.{l}.ffn_gate_inp", "model.layers.{l}.block_sparse_moe.gate"),
                ("blk.{l}.exp_probs_b.bias", "model.layers.{l}.block_sparse_moe.e_score_correction_bias"),
                ("blk.{l}.ffn_gate_exps", "model.layers.{l}.block_sparse_moe.experts.{e}.w1"),
                ("blk.{l}.ffn_up_exps", "model.layers.{l}.block_sparse_moe.experts.{e}.w3"),
                ("blk.{l}.ffn_down_exps", "model.layers.{l}.block_sparse_moe.experts.{e}.w2")),
            Idle = ["router_jitter_noise", "scoring_func", "use_routing_bias", "use_qk_norm", "qk_norm_type", "attn_type_list", "mtp_transformer_layers", "num_mtp_modules", "use_mtp", "shared_intermediate_size"],
        }],
        Load = (c, w) =>
        {
            var rope = RopeLayer.Halves(c.HeadDim, c.Rope);
            var routing = c.ReadRouting(RouterScores.Sigmoid, normalised: true);
            return new Transformer(c, w, [rope], (layer, w) => new ResidualBlock(
                w.RmsNorm("attn_norm", c),
                new SelfAttention(layer, w, c.Hidden, c.Shape)
                {
                    Rope = rope,
                    Norms = (w.RmsNorm("attn_q_norm", c.Heads * c.HeadDim, c.NormEpsilon), w.RmsNorm("attn_k_norm", c.KvHeads * c.HeadDim, c.NormEpsilon)),
                },
                w.RmsNorm("ffn_norm", c),
                w.Experts(c, routing)));
        },
    };
}
