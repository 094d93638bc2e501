using Homegrown.Engine.Folders;
using Homegrown.Engine.Formats;

namespace Homegrown.Engine.Models;

/// <summary>What folders of models with latent attention have in common: DeepSeek's settings and names, which the others took over.</summary>
static class LatentFolders
{
    /// <summary>Norms on latents take 1e-6 in Hugging Face's library, whatever the configuration says of the others.</summary>
    public static KeyMap Keys { get; } = KeyMap.Decoder.With(
        ("attention.key_length_mla", c => c.Integer("qk_nope_head_dim") + c.Integer("qk_rope_head_dim")),
        ("attention.key_length", c => c.Integer("kv_lora_rank") + c.Integer("qk_rope_head_dim")),
        ("attention.head_count_kv", _ => 1L),
        ("attention.latent_norm_epsilon", _ => 1e-6)).With(
        ("attention.value_length_mla", "v_head_dim"),
        ("attention.value_length", "kv_lora_rank"),
        ("rope.dimension_count", "qk_rope_head_dim"),
        ("rope.interleaved", "rope_interleave"));

    public static NameMap Names { get; } = Latent(NameMap.Experts);

    /// <summary>Settings that others say again, and those that the tensors show by being there.</summary>
    public static string[] Idle { get; } =
    [
        "aux_loss_alpha", "embedding_initializer_range", "ep_size", "head_dim", "mlp_layer_types", "moe_layer_freq", "num_key_value_heads", "partial_rotary_factor", "qk_head_dim",
        "seq_aux", "topk_method",
    ];

    public static NameMap Latent(NameMap names) => names.With(
        ("blk.{l}.attn_q_a", "model.layers.{l}.self_attn.q_a_proj"),
        ("blk.{l}.attn_q_a_norm", "model.layers.{l}.self_attn.q_a_layernorm"),
        ("blk.{l}.attn_q_b", "model.layers.{l}.self_attn.q_b_proj"),
        ("blk.{l}.attn_kv_a_mqa", "model.layers.{l}.self_attn.kv_a_proj_with_mqa"),
        ("blk.{l}.attn_kv_a_norm", "model.layers.{l}.self_attn.kv_a_layernorm"),
        ("blk.{l}.attn_kv_b", "model.layers.{l}.self_attn.kv_b_proj"));

    /// <summary>Scores of experts by scoring_func: DeepSeek's names.</summary>
    public static object? Scores(FolderConfig c, long otherwise) => c.Text("scoring_func") switch
    {
        null => c.Integer("n_routed_experts") > 0 ? otherwise : null,
        "softmax" => 1L,
        "sigmoid" => 2L,
        var name => throw c.Error("scoring_func", $"'{name}' is not supported (softmax, sigmoid are)"),
    };
}
