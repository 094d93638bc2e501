using Homegrown.Engine.Folders;

namespace Homegrown.Engine.Models;

/// <summary>DeepSeek-V4's folders: the makers' own names of tensors, and settings by kinds of layers.</summary>
static class DeepSeek4Folder
{
    const string Sparse = "compressed_sparse_attention", Heavy = "heavily_compressed_attention";

    public static FolderMap Map { get; } = new("deepseek_v4")
    {
        Keys = KeyMap.Decoder.With(FolderRope.Of("compress", "")).With(
            ("attention.head_count_kv", _ => 1L),
            ("attention.compress_ratios", Ratios),
            ("attention.sliding_window", c => c.Integer("sliding_window")),
            ("attention.compress_rope_freq_base", c => c.Find("rope_parameters.compress.rope_theta") ?? c.Find("compress_rope_theta")),
            ("rope.freq_base", c => c.Text("rope_parameters.main.rope_type") is null or "default"
                ? c.Find("rope_parameters.main.rope_theta") ?? c.Find("rope_theta")
                : throw c.Error("rope_parameters.main.rope_type", "is not supported (default is)")),
            ("rope.dimension_count", c => c.Integer("qk_rope_head_dim") ?? FolderRope.Dimensions(c) ?? c.Integer("head_dim") / 8),
            ("expert_gating_func", c => c.Text("scoring_func") switch
            {
                null or "sqrtsoftplus" => 4L,
                "softmax" => 1L,
                "sigmoid" => 2L,
                var name => throw c.Error("scoring_func", $"'{name}' is not supported (sqrtsoftplus, softmax, sigmoid are)"),
            })).With(
            ("attention.output_group_count", "o_groups"),
            ("attention.output_lora_rank", "o_lora_rank"),
            ("attention.indexer.head_count", "index_n_heads"),
            ("attention.indexer.key_length", "index_head_dim"),
            ("attention.indexer.top_k", "index_topk"),
            ("hyper_connection.count", "hc_mult"),
            ("hyper_connection.sinkhorn_iterations", "hc_sinkhorn_iters"),
            ("hyper_connection.epsilon", "hc_eps"),
            ("swiglu_clamp_exp", "swiglu_limit")),
        Names = NameMap.Of(
            ("token_embd", "embed"),
            ("output_norm", "norm"),
            ("output", "head"),
            ("output_hc_fn", "hc_head_fn"),
            ("output_hc_scale", "hc_head_scale"),
            ("output_hc_base", "hc_head_base"),
            ("blk.{l}.hc_attn_fn", "layers.{l}.hc_attn_fn"),
            ("blk.{l}.hc_attn_scale", "layers.{l}.hc_attn_scale"),
            ("blk.{l}.hc_attn_base", "layers.{l}.hc_attn_base"),
            ("blk.{l}.hc_ffn_fn", "layers.{l}.hc_ffn_fn"),
            ("blk.{l}.hc_ffn_scale", "layers.{l}.hc_ffn_scale"),
            ("blk.{l}.hc_ffn_base", "layers.{l}.hc_ffn_base"),
            ("blk.{l}.attn_norm", "layers.{l}.attn_norm"),
            ("blk.{l}.attn_q_a", "layers.{l}.attn.wq_a"),
            ("blk.{l}.attn_q_a_norm", "layers.{l}.attn.q_norm"),
            ("blk.{l}.attn_q_b", "layers.{l}.attn.wq_b"),
            ("blk.{l}.attn_kv", "layers.{l}.attn.wkv"),
            ("blk.{l}.attn_kv_a_norm", "layers.{l}.attn.norm"),
            ("blk.{l}.attn_sinks", "layers.{l}.attn.attn_sink"),
            ("blk.{l}.attn_output_a", "layers.{l}.attn.wo_a"),
            ("blk.{l}.attn_output_b", "layers.{l}.attn.wo_b"),
            ("blk.{l}.attn_compressor_kv", "layers.{l}.attn.compressor.wkv"),
            ("blk.{l}.attn_compressor_gate", "layers.{l}.attn.compressor.wgate"),
            ("blk.{l}.attn_compressor_ape", "layers.{l}.attn.compressor.ape"),
            ("blk.{l}.attn_compressor_norm", "layers.{l}.attn.compressor.norm"),
            ("blk.{l}.indexer.attn_q_b", "layers.{l}.attn.indexer.wq_b"),
            ("blk.{l}.indexer.proj", "layers.{l}.attn.indexer.weights_proj"),
            ("blk.{l}.indexer_compressor_kv", "layers.{l}.attn.indexer.compressor.wkv"),
            ("blk.{l}.indexer_compressor_gate", "layers.{l}.attn.indexer.compressor.wgate"),
            ("blk.{l}.indexer_compressor_ape", "layers.{l}.attn.indexer.compressor.ape"),
            ("blk.{l}.indexer_compressor_norm", "layers.{l}.attn.indexer.compressor.norm"),
            ("blk.{l}.ffn_norm", "layers.{l}.ffn_norm"),
            ("blk.{l}.ffn_gate_inp", "layers.{l}.ffn.gate"),
            ("blk.{l}.ffn_gate_inp.bias", "layers.{l}.ffn.gate.added"),      // its bias only chooses, and is the next
            ("blk.{l}.exp_probs_b.bias", "layers.{l}.ffn.gate.bias"),
            ("blk.{l}.ffn_gate_tid2eid", "layers.{l}.ffn.gate.tid2eid"),
            ("blk.{l}.ffn_gate_exps", "layers.{l}.ffn.experts.{e}.w1"),
            ("blk.{l}.ffn_up_exps", "layers.{l}.ffn.experts.{e}.w3"),
            ("blk.{l}.ffn_down_exps", "layers.{l}.ffn.experts.{e}.w2"),
            ("blk.{l}.ffn_gate_shexp", "layers.{l}.ffn.shared_experts.w1"),
            ("blk.{l}.ffn_up_shexp", "layers.{l}.ffn.shared_experts.w3"),
            ("blk.{l}.ffn_down_shexp", "layers.{l}.ffn.shared_experts.w2")),
        Idle =
        [
            "compress_rope_theta", "expert_dtype", "mlp_layer_types", "num_hash_layers", "num_key_value_heads", "num_nextn_predict_layers", "partial_rotary_factor", "qk_rope_head_dim", "rope_theta", "router_jitter_noise", "topk_method",
        ],
    };

    /// <summary>Positions of a window by layer, 0 for none: by compress_ratios, or by the kinds of layers; without either long windows twice, then both in turn.</summary>
    static long[] Ratios(FolderConfig c)
    {
        var layers = (int)(c.Integer("num_hidden_layers") ?? 0);
        var sparse = c.Integer("compress_rate_csa") ?? c.Integer($"compress_rates.{Sparse}") ?? 4;
        var heavy = c.Integer("compress_rate_hca") ?? c.Integer($"compress_rates.{Heavy}") ?? 128;
        var ratios = c.Find("compress_ratios") as long[];
        if (c.Find("layer_types") is not string[] types) return ratios ?? Enumerable.Range(0, layers).Select(layer => layer > 1 && layer % 2 == 1 ? sparse : heavy).ToArray();
        return Array.ConvertAll(types, type => type switch
        {
            Sparse => sparse,
            Heavy => heavy,
            "sliding_attention" => 0L,
            _ => throw c.Error("layer_types", $"'{type}' is not supported (sliding_attention, {Sparse}, {Heavy} are)"),
        });
    }
}
