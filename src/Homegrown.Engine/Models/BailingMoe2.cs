using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;

namespace Homegrown.Engine.Models;

/// <summary>
/// Ling 2.0 and Ring 2.0 (Ant, 2025, arXiv 2510.22115 §2): norms on heads of which half turn, dense first layers, then experts of some groups
/// by sigmoid scores with a bias that only chooses, and one shared.
/// </summary>
public static class BailingMoe2
{
    public static readonly Architecture Architecture = new("bailingmoe2")
    {
        Maker = "Ant",
        Models = "Ling and Ring 2.0: mini 16B-A1.4B, flash 100B-A6.1B, 1T-A50B",
        Folders = [new("bailing_moe_v2", "bailing_moe")
        {
            Keys = KeyMap.Decoder.With(("expert_gating_func", c => Scores(c)), ("expert_shared_feed_forward_length", c => SharedWidth(c)), ("norm_head", Unnormed)),
            Names = NameMap.Experts.With(
                ("token_embd", "model.word_embeddings"),
                ("blk.{l}.attn_qkv", "model.layers.{l}.attention.query_key_value"),
                ("blk.{l}.attn_output", "model.layers.{l}.attention.dense"),
                ("blk.{l}.attn_q_norm", "model.layers.{l}.attention.query_layernorm"),
                ("blk.{l}.attn_k_norm", "model.layers.{l}.attention.key_layernorm"),
                ("blk.{l}.exp_probs_b.bias", "model.layers.{l}.mlp.gate.expert_bias")),
            Idle =
            [
                "embedding_dropout", "max_window_layers", "moe_router_enable_expert_bias", "mtp_loss_scaling_factor", "norm_softmax", "output_dropout", "rotary_dim", "router_dtype", "seq_aux",
                "topk_method", "use_qk_norm", "use_rmsnorm",
            ],
        }],
        Load = (c, w) =>
        {
            var dense = c.Metadata.Count("leading_dense_block_count");
            var routing = c.ReadRouting(RouterScores.Sigmoid, normalised: true);
            return Llama.Build(c, w, RopeLayer.Halves(c.HeadDim, c.Rope), (layer, w) => layer < dense ? w.Gated(c) : w.Experts(c, routing));
        },
    };

    /// <summary>GGUF's number of the scores: 1 for softmax, which the first generation has, 2 for sigmoid.</summary>
    static long Scores(FolderConfig c) => (c.Text("scoring_func") ?? c.Text("score_function")) switch
    {
        null => c.Has("n_group") ? 2L : 1L,
        "softmax" => 1L,
        "sigmoid" => 2L,
        var name => throw c.Error("score_function", $"'{name}' is not supported (softmax, sigmoid are)"),
    };

    /// <summary>All shared experts as one.</summary>
    static long? SharedWidth(FolderConfig c)
        => c.Integer("num_shared_experts") is > 0 and var count ? count * (c.Integer("moe_shared_expert_intermediate_size") ?? c.Integer("moe_intermediate_size")) : null;

    static object? Unnormed(FolderConfig c) => c.Flag("norm_head") == true ? throw c.Error("norm_head", "is not supported: rows of the head would have to be normed") : null;
}
