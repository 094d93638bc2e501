using Homegrown.Engine.Cache;
using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;

namespace Homegrown.Engine.Models;

/// <summary>
/// Kimi Linear (Moonshot, 2025, arXiv 2510.26692 §4): three layers of Kimi delta attention to one of latent attention, none of which is told
/// positions; a dense first layer, then experts by sigmoid scores with a bias that only chooses, and a shared one.
/// </summary>
/// <remarks>A layer without key heads is one of delta attention.</remarks>
public static class KimiLinear
{
    public static readonly Architecture Architecture = new("kimi-linear")
    {
        Maker = "Moonshot",
        Models = "Kimi-Linear-48B-A3B",
        Folders = [new("kimi_linear")
        {
            Keys = LatentFolders.Keys.With(
                ("context_length", "model_max_length|max_position_embeddings"),
                ("expert_group_count", "num_expert_group"),
                ("expert_weights_norm", "moe_renormalize"),
                ("kda.head_count", "linear_attn_config.num_heads"),
                ("kda.head_dim", "linear_attn_config.head_dim"),
                ("ssm.conv_kernel", "linear_attn_config.short_conv_kernel_size")).With(
                ("attention.head_count_kv", KeyHeads),
                ("expert_gating_func", c => c.Text("moe_router_activation_func") == "softmax" ? 1L : 2L),
                ("rope.dimension_count", c => TurnedWidth(c))),
            Names = LatentFolders.Names.With(KimiDeltaNames.In("model.layers.{l}.self_attn")).With(
                ("blk.{l}.ffn_gate", "model.layers.{l}.mlp.gate_proj|model.layers.{l}.block_sparse_moe.gate_proj"),
                ("blk.{l}.ffn_up", "model.layers.{l}.mlp.up_proj|model.layers.{l}.block_sparse_moe.up_proj"),
                ("blk.{l}.ffn_down", "model.layers.{l}.mlp.down_proj|model.layers.{l}.block_sparse_moe.down_proj"),
                ("blk.{l}.ffn_gate_inp", "model.layers.{l}.block_sparse_moe.gate"),
                ("blk.{l}.exp_probs_b.bias", "model.layers.{l}.block_sparse_moe.gate.e_score_correction_bias"),
                ("blk.{l}.ffn_gate_exps", "model.layers.{l}.block_sparse_moe.experts.{e}.w1"),
                ("blk.{l}.ffn_up_exps", "model.layers.{l}.block_sparse_moe.experts.{e}.w3"),
                ("blk.{l}.ffn_down_exps", "model.layers.{l}.block_sparse_moe.experts.{e}.w2"),
                ("blk.{l}.ffn_gate_shexp", "model.layers.{l}.block_sparse_moe.shared_experts.gate_proj"),
                ("blk.{l}.ffn_up_shexp", "model.layers.{l}.block_sparse_moe.shared_experts.up_proj"),
                ("blk.{l}.ffn_down_shexp", "model.layers.{l}.block_sparse_moe.shared_experts.down_proj")),
            Idle = [.. LatentFolders.Idle, "linear_attn_config", "use_grouped_topk"],
        }],
        Load = (c, w) =>
        {
            var (keys, kept, shape) = (c.Metadata, new KvShape(), LatentShape.Read(c));
            var routing = c.ReadRouting(RouterScores.Sigmoid, normalised: true);
            routing = routing with { GroupsByTwo = routing.Scores == RouterScores.Sigmoid };
            var (heads, dim, width) = (keys.Optional("kda.head_count", () => c.Heads), keys.Positive("kda.head_dim"), keys.Positive("ssm.conv_kernel"));
            return new Transformer(c, w, [], (layer, w) => new ResidualBlock(
                w.RmsNorm("attn_norm", c),
                c.Shapes[layer].KvHeads == 0
                    ? new KimiDeltaNet(w, c.Hidden, new(heads, heads, dim, dim), width, lowerBound: null, c.NormEpsilon, kept)
                    : new LatentAttention(w, c.Hidden, shape, kept),
                w.RmsNorm("ffn_norm", c),
                w.Has("ffn_gate_inp") ? w.Experts(c, routing) : w.Gated(c)), cache: kept);
        },
    };

    /// <summary>One head of latent keys in the layers that attend, which the folder counts from 1.</summary>
    static long[] KeyHeads(FolderConfig c)
    {
        if (c.Find("linear_attn_config.full_attn_layers") is not long[] attends) throw c.Error("linear_attn_config.full_attn_layers", "is missing");
        var layers = c.Integer("num_hidden_layers") ?? throw c.Error("num_hidden_layers", "is missing");
        return [.. Enumerable.Range(1, (int)layers).Select(layer => attends.Contains(layer) ? 1L : 0L)];
    }

    static long? TurnedWidth(FolderConfig c)
        => c.Flag("mla_use_nope") == false ? throw c.Error("mla_use_nope", "false is not supported: latent attention would be told positions") : c.Integer("qk_rope_head_dim");
}
