using Homegrown.Engine.Folders;

namespace Homegrown.Engine.Models;

/// <summary>How Gemma 4's folders are read: full layers differ from those with a window by a list of exceptions (<c>per_layer_config</c>), or in older ones by <c>global_*</c> settings.</summary>
static class Gemma4Folder
{
    const string Full = "full_attention", Local = "sliding_attention";

    public static KeyMap Keys { get; } = KeyMap.Decoder.With(FolderRope.Of(Full, "")).With(FolderRope.Of(Local, "_swa")).With(
        ("embedding_length_per_layer_input", "hidden_size_per_layer_input"),
        ("attention.shared_kv_layers", "num_kv_shared_layers"),
        ("final_logit_softcapping", "final_logit_softcapping"),
        ("expert_used_count", "top_k_experts")).With(
        ("attention.sliding_window", c => Array.ConvertAll(Types(c), type => type == Local ? c.Integer("sliding_window") ?? 512 : 0)),
        ("attention.key_length", c => OfKind(c, Full)),
        ("attention.key_length_swa", c => OfKind(c, Local)),
        ("attention.head_count_kv", c => ByLayer(c, "num_key_value_heads", c.Flag("attention_k_eq_v") == true ? c.Integer("num_global_key_value_heads") : null)),
        ("attention.causal", c => c.Text("use_bidirectional_attention") is "all" ? false : null),
        ("feed_forward_length", Inner),
        ("expert_count", c => c.Integer("num_experts") is var experts && c.Flag("enable_moe_block") == true ? experts : null),
        ("rope.freq_base", c => c.Number($"rope_parameters.{Full}.rope_theta") ?? 1e6),
        ("rope.dimension_count", c => OfKind(c, Full) is { } width ? Proportional(c) ? width : (long)(width * Share(c, Full)) : null),
        ("rope.turning_count", c => OfKind(c, Full) is { } width && Proportional(c) ? 2 * (long)(width * Share(c, Full) / 2) : null),
        ("rope.dimension_count_swa", c => OfKind(c, Local) is { } width ? (long)(width * Share(c, Local)) : null),
        ("rope.scaling.type", c => !Proportional(c) ? c.Text($"rope_parameters.{Full}.rope_type") is var type and not "default" ? type : null
            : c.Has($"rope_parameters.{Full}.factor") ? "linear" : null));

    public static NameMap Names { get; } = NameMap.Llama.With(
        ("per_layer_token_embd", "model.embed_tokens_per_layer"),
        ("per_layer_model_proj", "model.per_layer_model_projection"),
        ("per_layer_proj_norm", "model.per_layer_projection_norm"),
        ("blk.{l}.post_attention_norm", "model.layers.{l}.post_attention_layernorm"),
        ("blk.{l}.ffn_norm", "model.layers.{l}.pre_feedforward_layernorm"),
        ("blk.{l}.post_ffw_norm", "model.layers.{l}.post_feedforward_layernorm"),
        ("blk.{l}.post_ffw_norm_1", "model.layers.{l}.post_feedforward_layernorm_1"),
        ("blk.{l}.pre_ffw_norm_2", "model.layers.{l}.pre_feedforward_layernorm_2"),
        ("blk.{l}.post_ffw_norm_2", "model.layers.{l}.post_feedforward_layernorm_2"),
        ("blk.{l}.ffn_gate_inp", "model.layers.{l}.router.proj"),
        ("blk.{l}.ffn_gate_inp.scale", "model.layers.{l}.router.scale"),
        ("blk.{l}.ffn_down_exps.scale", "model.layers.{l}.router.per_expert_scale"),
        ("blk.{l}.ffn_gate_up_exps", "model.layers.{l}.experts.gate_up_proj"),
        ("blk.{l}.ffn_down_exps", "model.layers.{l}.experts.down_proj"),
        ("blk.{l}.inp_gate", "model.layers.{l}.per_layer_input_gate"),
        ("blk.{l}.proj", "model.layers.{l}.per_layer_projection"),
        ("blk.{l}.post_norm", "model.layers.{l}.post_per_layer_input_norm"),
        ("blk.{l}.layer_output_scale", "model.layers.{l}.layer_scalar"));

    /// <summary>The last layer has no window whatever the folder says.</summary>
    static string[] Types(FolderConfig c)
    {
        var layers = (int)(c.Integer("num_hidden_layers") ?? throw c.Error("num_hidden_layers", "is missing"));
        var types = c.Find("layer_types") as string[] ?? [.. Enumerable.Range(1, layers).Select(layer => layer % 6 == 0 ? Full : Local)];
        if (types.Length != layers) throw c.Error("layer_types", $"has {types.Length} entries for {layers} layers");
        return [.. types[..^1], Full];
    }

    /// <summary>A setting by layer: the exception of the layer, what older folders say of full ones, or that of all.</summary>
    static long[] ByLayer(FolderConfig c, string name, long? full)
        => [.. Types(c).Select((type, layer) => c.Integer($"per_layer_config.{layer}.{name}") ?? (type == Full && !c.Has("per_layer_config") ? full : null)
            ?? c.Integer(name) ?? throw c.Error(name, "is missing"))];

    /// <summary>Width of a head in the layers of a kind; null where there are none.</summary>
    static long? OfKind(FolderConfig c, string kind)
    {
        var widths = ByLayer(c, "head_dim", c.Integer("global_head_dim") ?? 512).Zip(Types(c)).Where(layer => layer.Second == kind).Select(layer => layer.First).Distinct().ToArray();
        return widths.Length > 1 ? throw c.Error("per_layer_config", $"{kind} layers have heads of {string.Join(" and ", widths)}: one width for all of a kind is supported") : widths.Length == 1 ? widths[0] : null;
    }

    /// <summary>Layers that borrow their keys are twice as wide inside, where the folder says so.</summary>
    static long[] Inner(FolderConfig c)
    {
        var (inner, layers, borrowing) = (c.Integer("intermediate_size") ?? 0, Types(c).Length, c.Integer("num_kv_shared_layers") ?? 0);
        var twice = c.Flag("use_double_wide_mlp") == true && borrowing < layers;
        return Enumerable.Range(0, layers).Select(layer => twice && layer >= layers - borrowing ? 2 * inner : inner).ToArray();
    }

    /// <summary>Full layers turn the first pairs of a head by the frequencies of all of it.</summary>
    static bool Proportional(FolderConfig c) => c.Text($"rope_parameters.{Full}.rope_type") is "proportional" || !c.Has("rope_parameters");

    static double Share(FolderConfig c, string kind) => c.Number($"rope_parameters.{kind}.partial_rotary_factor") ?? (kind == Full && !c.Has("rope_parameters") ? 0.25 : 1);
}
