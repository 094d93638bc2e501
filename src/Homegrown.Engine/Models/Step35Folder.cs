using Homegrown.Engine.Folders;

namespace Homegrown.Engine.Models;

/// <summary>
/// Settings of Step 3.5's folders: as StepFun publishes them (lists by layer, attention_other_setting for layers with a window), or as
/// Hugging Face's library writes them (rope_parameters by kind of layer).
/// </summary>
static class Step35Folder
{
    const string Full = "full_attention", Local = "sliding_attention";

    public static KeyMap Keys { get; } = KeyMap.Decoder.With(FolderRope.Of(Full, "")).With(FolderRope.Of(Local, "_swa")).With(
        ("context_length", "max_position_embeddings|max_seq_len"),
        ("expert_used_count", "num_experts_per_tok|moe_top_k"),
        ("expert_weights_scale", "moe_router_scaling_factor"),
        ("expert_weights_norm", "norm_topk_prob|norm_expert_weight"),
        ("expert_shared_feed_forward_length", "share_expert_dim|share_expert_dims"),
        ("swiglu_clamp_exp", "swiglu_limits"),
        ("swiglu_clamp_shexp", "swiglu_limits_shared")).With(
        ("attention.head_count", c => ByKind(c, c.Integer("num_attention_heads"), c.Integer("num_sliding_attention_heads") ?? c.Integer("attention_other_setting.num_attention_heads"))),
        ("attention.head_count_kv", c => ByKind(c, c.Integer("num_key_value_heads") ?? c.Integer("num_attention_groups"), c.Integer("attention_other_setting.num_attention_groups"))),
        ("expert_gating_func", c => c.Text("moe_router_activation") switch { "softmax" => 1L, "sigmoid" => 2L, _ => null }),
        ("rope.freq_base", c => Theta(c, Full)),
        ("rope.freq_base_swa", c => Theta(c, Local)),
        ("rope.dimension_count", c => 2 * Turning(c, Full)),       // of which full layers turn half
        ("rope.dimension_count_swa", c => Turning(c, Local)),
        ("rope.scaling_swa.type", c => Stretched(c, Local) ? c.Text("rope_scaling.rope_type") ?? c.Text("rope_scaling.type") : null));

    public static string[] Idle { get; } =
    [
        "mlp_layer_types", "mtp_layer_types", "mtp_mlp_layer_types", "query_pre_attn_scalar", "per_layer_config", "moe_layers_enum", "moe_every_n_layer", "moe_layer_offset", "use_moe",
        "use_moe_router_bias", "need_fp32_gate", "use_head_wise_attn_gate", "use_qk_norm", "use_mfa", "use_rope_layers", "att_impl_type", "moe_dynamic_exp_p", "sink", "zero_centered", "yarn_only_types",
    ];

    /// <summary>A number for each layer, where those with a window have one of their own.</summary>
    static object? ByKind(FolderConfig c, long? full, long? local)
        => full is { } all && local is { } windowed && c.Find("layer_types") is string[] types ? Array.ConvertAll(types, type => type is Local ? windowed : all) : full;

    static double? Theta(FolderConfig c, string kind) => c.Number($"rope_parameters.{kind}.rope_theta") ?? OfKind(c, "rope_theta", kind) ?? c.Number("rope_theta");

    /// <summary>Dimensions of a head that turn in the layers of a kind.</summary>
    static long? Turning(FolderConfig c, string kind)
        => (long?)(c.Integer("head_dim") * (c.Number($"rope_parameters.{kind}.partial_rotary_factor") ?? OfKind(c, "partial_rotary_factors", kind) ?? 1));

    static bool Stretched(FolderConfig c, string kind)
        => !c.Has("rope_parameters") && (c.Find("yarn_only_types") is not string[] kinds || kinds.Contains(kind));

    /// <summary>From a list by layer, the number of the first layer of a kind.</summary>
    static double? OfKind(FolderConfig c, string name, string kind)
    {
        if (c.Find("layer_types") is not string[] types) return null;
        double[]? values = c.Find(name) switch { double[] doubles => doubles, long[] integers => Array.ConvertAll(integers, value => (double)value), _ => null };
        var layer = Array.IndexOf(types, kind);
        return values is not null && layer >= 0 && layer < values.Length ? values[layer] : null;
    }
}
