using Homegrown.Engine.Cache;
using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;

namespace Homegrown.Engine.Models;

/// <summary>
/// Ling and Ring hybrids (Ant, 2026, model card of Ling-3.0-flash): groups of layers of Kimi delta attention (arXiv 2510.26692 §3, safe gate,
/// products at full width), each closed by one of latent attention with a gate on every head; a dense first layer, then experts of some
/// groups by sigmoid scores with a bias that only chooses, and a shared one.
/// </summary>
/// <remarks>A layer without key heads is one of delta attention. Queries come through a latent where the file has its products.</remarks>
public static class BailingMoe3
{
    public static readonly Architecture Architecture = new("bailingmoe3")
    {
        Maker = "Ant",
        Models = "Ling 3.0 7.9B-A1.3B and 124B-A5.1B",
        Folders = [new("bailing_hybrid")
        {
            Keys = LatentFolders.Keys.With(
                ("context_length", "model_max_length|max_position_embeddings"),
                ("expert_group_count", "num_expert_group|n_group"),
                ("expert_weights_norm", "moe_renormalize|norm_topk_prob"),
                ("kda.head_count", "linear_num_heads"),
                ("kda.head_dim", "linear_head_dim|head_dim"),
                ("kda.gate_lower_bound", "kda_lower_bound"),
                ("kda.safe_gate", "kda_safe_gate"),
                ("ssm.conv_kernel", "short_conv_kernel_size|linear_conv_kernel_dim")).With(
                ("attention.head_count_kv", KeyHeads),
                ("expert_gating_func", c => Scores(c)),
                ("swiglu_clamp_exp", Unclamped),
                ("attention.group_norm", NoLightning)),
            Names = NameMap.Experts.With(KimiDeltaNames.In("model.layers.{l}.attention")).With(
                ("token_embd", "model.word_embeddings|model.embed_tokens"),
                ("blk.{l}.attn_q", "model.layers.{l}.attention.q_proj"),
                ("blk.{l}.attn_k", "model.layers.{l}.attention.k_proj"),
                ("blk.{l}.attn_v", "model.layers.{l}.attention.v_proj"),
                ("blk.{l}.attn_output", "model.layers.{l}.attention.dense"),
                ("blk.{l}.attn_gate", "model.layers.{l}.attention.g_proj"),
                ("blk.{l}.attn_q_a", "model.layers.{l}.attention.q_a_proj"),
                ("blk.{l}.attn_q_a_norm", "model.layers.{l}.attention.q_a_layernorm"),
                ("blk.{l}.attn_q_b", "model.layers.{l}.attention.q_b_proj"),
                ("blk.{l}.attn_kv_a_mqa", "model.layers.{l}.attention.kv_a_proj_with_mqa"),
                ("blk.{l}.attn_kv_a_norm", "model.layers.{l}.attention.kv_a_layernorm"),
                ("blk.{l}.attn_kv_b", "model.layers.{l}.attention.kv_b_proj"),
                ("blk.{l}.ssm_f_a", "model.layers.{l}.attention.f_proj|model.layers.{l}.attention.f_a_proj"),
                ("blk.{l}.ssm_g_a", "model.layers.{l}.attention.g_proj|model.layers.{l}.attention.g_a_proj"),
                ("blk.{l}.exp_probs_b.bias", "model.layers.{l}.mlp.gate.expert_bias")),
            Idle = [.. LatentFolders.Idle, "gated_attention_proj_granularity_type", "layer_group_size", "mtp_loss_scaling_factor", "no_kda_lora"],
        }],
        Load = (c, w) =>
        {
            var (keys, kept, shape) = (c.Metadata, new KvShape(), LatentShape.Read(c));
            var rope = shape.Rope(c);
            var routing = c.ReadRouting(RouterScores.Sigmoid, normalised: true);
            routing = routing with { GroupsByTwo = routing.Scores == RouterScores.Sigmoid };
            foreach (var name in (string[])["swiglu_clamp_exp", "swiglu_clamp_shexp"])
                if (keys.Numbers(name, c.Layers) is { } limits && limits.Any(limit => limit > 0)) throw keys.Error(name, "is not supported: gates would have to be clamped");
            var (heads, dim, width) = (keys.Optional("kda.head_count", () => c.Heads), keys.Positive("kda.head_dim"), keys.Positive("ssm.conv_kernel"));
            var bound = (float?)keys.Number("kda.gate_lower_bound");
            if (!keys.Flag("kda.safe_gate", bound is not null)) bound = null;
            else if (bound is not < 0) throw keys.Error("kda.gate_lower_bound", "is missing or not below 0, though gates are safe");
            return new Transformer(c, w, [rope], (layer, w) => new ResidualBlock(
                w.RmsNorm("attn_norm", c),
                c.Shapes[layer].KvHeads == 0 ? new KimiDeltaNet(w, c.Hidden, new(heads, heads, dim, dim), width, bound, c.NormEpsilon, kept) : Attention(w),
                w.RmsNorm("ffn_norm", c),
                w.Has("ffn_gate_inp") ? w.Experts(c, routing) : w.Gated(c)), cache: kept);

            LatentAttention Attention(Weights w) => new(w, c.Hidden, w.Has("attn_q_a") ? shape : shape with { QueryRank = 0 }, kept)
            {
                Rope = rope,
                Gate = w.Has("attn_gate") ? w.Linear("attn_gate", c.Hidden, w.Rows("attn_gate")) : null,
            };
        },
    };

    /// <summary>One head of latent keys in the layers that attend: as listed, or the last of each group and all after the last whole group.</summary>
    static long[] KeyHeads(FolderConfig c)
    {
        if (LayerKinds.Linear(c) is { } linear) return Array.ConvertAll(linear, kind => kind ? 0L : 1L);
        var layers = (int)(c.Integer("num_hidden_layers") ?? throw c.Error("num_hidden_layers", "is missing"));
        var group = (int)(c.Integer("layer_group_size") is > 0 and var size ? size : throw c.Error("layer_group_size", "is missing or not above 0, and there are no layer_types"));
        return [.. Enumerable.Range(0, layers).Select(layer => (layer + 1) % group == 0 || layer >= layers / group * group ? 1L : 0L)];
    }

    /// <summary>GGUF's number of the scores, sigmoid unless the folder says otherwise.</summary>
    static long Scores(FolderConfig c) => (c.Text("scoring_func") ?? c.Text("score_function")) switch
    {
        null or "sigmoid" => 2L,
        "softmax" => 1L,
        var name => throw c.Error("score_function", $"'{name}' is not supported (softmax, sigmoid are)"),
    };

    static object? Unclamped(FolderConfig c)
    {
        foreach (var name in (string[])["expert_swiglu_limit_list", "share_expert_swiglu_limit_list"])
            if (c.Find(name) is Array limits && limits.Cast<object?>().Any(limit => limit is > 0L or > 0.0)) throw c.Error(name, "is not supported: gates would have to be clamped");
        return null;
    }

    static object? NoLightning(FolderConfig c)
        => c.Has("group_norm_size") || c.Has("num_kv_heads_for_linear_attn")
            ? throw c.Error("group_norm_size", "is not supported: linear layers would be of lightning attention, as in Ling 2.5 (Kimi delta attention is)") : null;
}
