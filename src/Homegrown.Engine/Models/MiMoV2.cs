using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;

namespace Homegrown.Engine.Models;

/// <summary>
/// MiMo-V2-Flash (Xiaomi, 2026, arXiv 2601.02780 §2.2): windows of 128 in five layers of six, with a sink for each head; a dense first
/// layer, then 256 experts by sigmoid scores with a bias that only chooses (§2.1). What the paper does not say is in config.json of
/// XiaomiMiMo/MiMo-V2-Flash: layers with a window have twice the key heads and a rotation of their own, a third of a head turns,
/// values are narrower than keys (128 of 192) and scaled.
/// </summary>
/// <remarks>Published folders count a window without the row itself (sliding_window_size).</remarks>
public static class MiMoV2
{
    public static readonly Architecture Architecture = new("mimo2")
    {
        Maker = "Xiaomi",
        Models = "MiMo-V2-Flash 309B-A15B",
        Folders = [new("mimo_v2_flash", "mimo_v2")
        {
            Keys = KeyMap.Decoder.With(FolderRope.Of("full_attention", "")).With(FolderRope.Of("sliding_attention", "_swa")).With(
                ("attention.value_length", "v_head_dim"),
                ("attention.key_length_swa", "swa_head_dim"),
                ("attention.value_length_swa", "swa_v_head_dim"),
                ("attention.value_scale", "attention_value_scale"),
                ("rope.freq_base_swa", "rope_parameters.sliding_attention.rope_theta|swa_rope_theta")).With(
                ("attention.sliding_window", c => c.Integer("sliding_window") is var window ? ByKind(c, c.Integer("sliding_window_size") + 1 ?? window ?? 0, 0) : null),
                ("attention.head_count", c => c.Integer("num_attention_heads") is { } heads ? ByKind(c, c.Integer("swa_num_attention_heads") ?? heads, heads) ?? (object)heads : null),
                ("rope.dimension_count_swa", c => Turning(c)),
                ("attention.head_count_kv", c => c.Integer("num_key_value_heads") is { } heads ? ByKind(c, c.Integer("swa_num_key_value_heads") ?? 2 * heads, heads) : null)),
            Names = NameMap.Experts.With(("blk.{l}.attn_sinks", "model.layers.{l}.self_attn.attention_sink_bias")),
            Idle = ["mlp_layer_types", "moe_layer_freq", "add_swa_attention_sink_bias", "add_full_attention_sink_bias", "scoring_func", "topk_method"],
        }],
        Load = (c, w) =>
        {
            var full = RopeLayer.Halves(c.HeadDim, c.Rope);
            var localDim = c.Metadata.Optional("attention.key_length_swa", () => c.HeadDim);
            var local = RopeLayer.Halves(localDim, RopeConfig.Read(c.Metadata, localDim, c.ContextLength, "_swa"));
            var routing = c.ReadRouting(RouterScores.Sigmoid, normalised: true);
            return new Transformer(c, w, [full, local], (layer, w) => new ResidualBlock(
                w.RmsNorm("attn_norm", c),
                new SelfAttention(layer, w, c.Hidden, c.Shapes[layer])
                {
                    Rope = c.Window(layer) is null ? full : local,
                    ValueScale = c.Metadata.Optional("attention.value_scale", 1f),
                    Options = new() { Window = c.Window(layer), Sinks = w.Has("attn_sinks") ? w.Vector("attn_sinks", c.Shapes[layer].Heads) : null },
                },
                w.RmsNorm("ffn_norm", c),
                w.Has("ffn_gate_inp") ? w.Experts(c, routing) : w.Gated(c)));
        },
    };

    /// <summary>Dimensions of a head that turn in layers with a window.</summary>
    static long? Turning(FolderConfig c)
        => (long?)((c.Integer("swa_head_dim") ?? c.Integer("head_dim"))
            * (c.Number("rope_parameters.sliding_attention.partial_rotary_factor") ?? c.Number("rope_parameters.partial_rotary_factor") ?? c.Number("partial_rotary_factor")));

    /// <summary>A number for each layer, by whether it has a window.</summary>
    static long[]? ByKind(FolderConfig c, long windowed, long full)
        => c.Find("layer_types") is string[] types ? Array.ConvertAll(types, type => type is "sliding_attention" ? windowed : full)
            : c.Find("hybrid_layer_pattern") is long[] flags ? Array.ConvertAll(flags, flag => flag == 1 ? windowed : full)
            : null;
}
