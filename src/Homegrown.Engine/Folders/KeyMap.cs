namespace Homegrown.Engine.Folders;

/// <summary>
/// Canonical keys (without the architecture's name) from the settings of a config.json. A row reads one setting, the first present of
/// several names ("num_local_experts|n_routed_experts"), or computes its value. Null leaves the key absent.
/// </summary>
public sealed class KeyMap
{
    /// <summary>What decoders have in common, by all the names in which it is written.</summary>
    public static KeyMap Decoder { get; } = new KeyMap([]).With(
        ("block_count", "num_hidden_layers|num_layers|n_layer"),
        ("embedding_length", "hidden_size|n_embd|d_model"),
        ("feed_forward_length", "intermediate_size|ffn_hidden_size|n_inner"),
        ("context_length", "max_position_embeddings|seq_length|n_positions|max_sequence_length"),
        ("vocab_size", "vocab_size|padded_vocab_size"),
        ("attention.head_count", "num_attention_heads|n_head"),
        ("attention.head_count_kv", "num_key_value_heads|num_kv_heads|multi_query_group_num"),
        ("attention.key_length", "head_dim"),
        ("attention.layer_norm_rms_epsilon", "rms_norm_eps|norm_eps|norm_epsilon|layernorm_epsilon"),
        ("attention.layer_norm_epsilon", "layer_norm_eps|layer_norm_epsilon"),
        ("activation", "hidden_act|hidden_activation|activation_function|mlp_hidden_act"),
        ("expert_count", "num_local_experts|num_experts|n_routed_experts|moe_num_experts"),
        ("expert_used_count", "num_experts_per_tok|moe_topk|moe_k|num_experts_per_token"),
        ("expert_feed_forward_length", "moe_intermediate_size|expert_ffn_hidden_size"),
        ("expert_shared_count", "n_shared_experts|num_shared_experts|moe_num_shared_experts"),
        ("expert_shared_feed_forward_length", "shared_expert_intermediate_size"),
        ("expert_group_count", "n_group"),
        ("expert_group_used_count", "topk_group"),
        ("expert_weights_scale", "routed_scaling_factor"),
        ("expert_weights_norm", "norm_topk_prob"),
        ("leading_dense_block_count", "first_k_dense_replace"),
        ("attention.q_lora_rank", "q_lora_rank"),
        ("attention.kv_lora_rank", "kv_lora_rank")).With(FolderRope.Rows).With(("attention.sliding_window", Windows));

    readonly IReadOnlyList<(string Canonical, string Names, Func<FolderConfig, object?> Read)> rows;

    KeyMap(IReadOnlyList<(string, string, Func<FolderConfig, object?>)> rows) => this.rows = rows;

    /// <summary>The same map with further rows; a row of a key that is there already replaces it.</summary>
    public KeyMap With(params (string Canonical, string Names)[] added)
        => Replaced([.. added.Select(row => (row.Canonical, row.Names, First(row.Names.Split('|'))))]);

    /// <summary>The same map with keys that are computed.</summary>
    public KeyMap With(params (string Canonical, Func<FolderConfig, object?> Read)[] added)
        => Replaced([.. added.Select(row => (row.Canonical, row.Canonical, row.Read))]);

    /// <summary>Canonical key, the settings that it comes from, its value.</summary>
    internal IEnumerable<(string Canonical, string Names, object? Value)> Read(FolderConfig config) => rows.Select(row => (row.Canonical, row.Names, row.Read(config)));

    KeyMap Replaced(List<(string Canonical, string Names, Func<FolderConfig, object?> Read)> added)
    {
        var names = added.Select(row => row.Canonical).ToHashSet();
        return new([.. rows.Where(row => !names.Contains(row.Canonical)), .. added]);
    }

    /// <summary>A window for each layer by layer_types; without these one for all, or from max_window_layers on; 0 for all positions.</summary>
    static object? Windows(FolderConfig c)
    {
        var (window, types, first, used) = (c.Integer("sliding_window"), c.Find("layer_types") as string[], c.Integer("max_window_layers"), c.Flag("use_sliding_window"));
        if (window is null || used == false) return null;
        if (types is not null) return Array.ConvertAll(types, type => type is "sliding_attention" ? window.Value : 0);
        if (used is null || first is null || c.Integer("num_hidden_layers") is not { } layers) return window;
        return Enumerable.Range(0, (int)layers).Select(layer => layer >= first ? window.Value : 0).ToArray();
    }

    static Func<FolderConfig, object?> First(string[] names)
        => config =>
        {
            object? found = null;
            foreach (var name in names)
            {
                var value = config.Find(name);      // all are asked for, so that none counts as unread
                found ??= value;
            }

            return found;
        };
}
