using Homegrown.Engine.Folders;

namespace Homegrown.Engine.Models;

/// <summary>
/// Folders of dots.note 3. Layers with a window have sizes of their own: under <c>swa_</c> as the makers publish them, by layer in
/// <c>per_layer_config</c> as Hugging Face's library writes them.
/// </summary>
static class Dots3NoteFolder
{
    const string Window = "sliding_attention";

    public static FolderMap Map { get; } = new("dots3_note_text", "dots3_note")
    {
        Keys = LatentFolders.Keys.WithIndexers().With(
            ("attention.layer_norm_rms_epsilon", c => Epsilon(c)),
            ("attention.latent_norm_epsilon", _ => null),
            ("attention.latent_rescale", c => c.Flag("apply_mla_qkv_lora_rescale") is false ? null : true),
            ("attention.head_count", c => Array.ConvertAll(Kinds(c), kind => (kind is Window ? Local(c, "num_attention_heads") : null) ?? c.Integer("num_attention_heads") ?? 0)),
            ("attention.sliding_window", c => (c.Integer("sliding_window") ?? c.Integer("sliding_window_size")) is { } positions ? Array.ConvertAll(Kinds(c), kind => kind is Window ? positions : 0) : null),
            ("attention.q_lora_rank_swa", c => Local(c, "q_lora_rank")),
            ("attention.kv_lora_rank_swa", c => Local(c, "kv_lora_rank")),
            ("attention.key_length_mla_swa", c => LocalPlain(c) + LocalTurned(c)),
            ("attention.value_length_mla_swa", c => Local(c, "v_head_dim"))).With(
            ("attention.indexer.types", c => c.Flag("use_dsa") is false ? Array.ConvertAll(Kinds(c), _ => false) : null),
            ("rope.freq_base", c => Theta(c, "rope_theta", "indexed_attention", "deepseek_sparse_attention", "full_attention") ?? 8e7),
            ("rope.freq_base_swa", c => Theta(c, "swa_rope_theta", Window) ?? 5e4),
            ("rope.dimension_count_swa", c => LocalTurned(c)),
            ("expert_gating_func", c => c.Flag("use_dynamic_rsf") is true ? throw c.Error("use_dynamic_rsf", "is not supported") : LatentFolders.Scores(c, 2)),
            ("expert_weights_norm", c => c.Flag("norm_topk_prob") ?? true)).With(
            ("expert_shared_feed_forward_length", "shared_experts_intermediate_size|moe_shared_expert_intermediate_size")),
        Names = LatentFolders.Names.WithIndexers().With(
            ("blk.{l}.attn_q_a_norm", Rescaled("q_a_layernorm")),
            ("blk.{l}.attn_kv_a_norm", Rescaled("kv_a_layernorm")),
            ("blk.{l}.attn_gate", "model.layers.{l}.self_attn.g_proj"),
            ("blk.{l}.attn_k_norm", "model.layers.{l}.self_attn.k_rope_only_layernorm")),
        Idle =
        [
            .. LatentFolders.Idle,
            "attention_gate_type", "audio_config", "k_rope_only_layernorm", "moe_gating_fp32", "swa_attention_gate_type", "swa_head_dim", "swa_num_key_value_heads",
        ],
    };

    /// <summary>Where the folder asks for it, latents grow by the root of hidden / rank behind their norms: here the gains do.</summary>
    static TensorRule Rescaled(string module) => new($"model.layers.{{l}}.self_attn.{module}", (tensor, keys) =>
    {
        if (keys.Flag("attention.latent_rescale") is not true) return tensor;
        var factor = MathF.Sqrt((float)keys.Positive("embedding_length") / tensor.Shape[^1]);
        return tensor.Map(gain => gain * factor);
    });

    /// <summary>By layer: as listed, or the first two and every fourth from the second without a window.</summary>
    static string[] Kinds(FolderConfig c)
    {
        var windows = c.Flag("use_sliding_window") ?? true;
        if (c.Find("layer_types") is not string[] types)
            return [.. Enumerable.Range(0, (int)(c.Integer("num_hidden_layers") ?? 0)).Select(layer => windows && layer > 1 && layer % 4 != 1 ? Window : "full_attention")];
        return Array.TrueForAll(types, type => type is Window or "indexed_attention" or "deepseek_sparse_attention" or "full_attention")
            ? types
            : throw c.Error("layer_types", $"has a kind that is not supported ({Window}, indexed_attention, deepseek_sparse_attention, full_attention are)");
    }

    static long? LocalPlain(FolderConfig c) => Local(c, "qk_nope_head_dim") ?? c.Integer("qk_nope_head_dim");

    static long? LocalTurned(FolderConfig c) => Local(c, "qk_rope_head_dim") ?? (Local(c, "head_dim") - LocalPlain(c)) ?? c.Integer("qk_rope_head_dim");

    /// <summary>A size of the layers with a window, which are all alike; null where they have none of their own.</summary>
    static long? Local(FolderConfig c, string name)
    {
        var (kinds, found) = (Kinds(c), c.Integer($"swa_{name}"));
        for (var layer = 0; layer < kinds.Length; layer++)
        {
            var at = $"per_layer_config.{layer}.{name}";
            if (c.Integer(at) is not { } own) continue;
            if (own != (kinds[layer] is Window ? found ??= own : c.Integer(name))) throw c.Error(at, $"{own} is not that of other layers of its kind, which is not supported");
        }

        return found;
    }

    static object? Theta(FolderConfig c, string older, params ReadOnlySpan<string> kinds)
    {
        foreach (var kind in kinds)
        {
            if (c.Text($"rope_parameters.{kind}.rope_type") is { } type and not "default") throw c.Error($"rope_parameters.{kind}.rope_type", $"'{type}' is not supported (default is)");
            if (c.Find($"rope_parameters.{kind}.rope_theta") is { } theta) return theta;
        }

        return c.Find(older);
    }

    static double? Epsilon(FolderConfig c)
    {
        foreach (var setting in (ReadOnlySpan<string>)["normalization", "final_norm"])
            if (c.Text(setting) is { } norm and not "RMSNorm") throw c.Error(setting, $"'{norm}' is not supported (RMSNorm is)");
        return c.Number("rms_norm_eps");
    }
}
