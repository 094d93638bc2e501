using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;

namespace Homegrown.Engine.Models;

/// <summary>
/// MiMo-V2-Flash (Xiaomi, 2026, arXiv 2601.02780 §2): windows in most layers, which have twice the key heads, sinks and a rotation of
/// their own; values narrower than keys, and scaled; a dense first layer, then experts by sigmoid scores with a bias that only chooses.
/// </summary>
/// <remarks>Published folders count a window without the row itself (sliding_window_size).</remarks>
public static class MiMoV2
{
    public static readonly Architecture Architecture = new("mimo2")
    {
        Maker = "Xiaomi",
        Folders = [new("mimo_v2_flash", "mimo_v2")
        {
            Keys = KeyMap.Decoder.With(FolderRope.Of("full_attention", "")).With(FolderRope.Of("sliding_attention", "_swa")).With(
                ("attention.value_length", "v_head_dim"),
                ("attention.value_scale", "attention_value_scale"),
                ("rope.freq_base_swa", "rope_parameters.sliding_attention.rope_theta|swa_rope_theta")).With(
                ("attention.sliding_window", c => ByKind(c, c.Integer("sliding_window_size") + 1 ?? c.Integer("sliding_window") ?? 0, 0)),
                ("attention.head_count_kv", c => c.Integer("num_key_value_heads") is { } heads ? ByKind(c, c.Integer("swa_num_key_value_heads") ?? 2 * heads, heads) : null)),
            Names = NameMap.Experts.With(("blk.{l}.attn_sinks", "model.layers.{l}.self_attn.attention_sink_bias")),
            Idle = ["mlp_layer_types", "moe_layer_freq", "add_swa_attention_sink_bias", "add_full_attention_sink_bias", "scoring_func", "topk_method"],
        }],
        Load = (c, w) =>
        {
            var full = RopeLayer.Halves(c.HeadDim, c.Rope);
            var local = RopeLayer.Halves(c.HeadDim, RopeConfig.Read(c.Metadata, c.HeadDim, c.ContextLength, "_swa"));
            var routing = c.ReadRouting(RouterScores.Sigmoid, normalised: true);
            return new Transformer(c, w, [full, local], (layer, w) => new ResidualBlock(
                w.RmsNorm("attn_norm", c),
                new SelfAttention(layer, w, c.Hidden, c.Shapes[layer])
                {
                    Rope = c.Window(layer) is null ? full : local,
                    ValueScale = c.Metadata.Optional("attention.value_scale", 1f),
                    Options = new() { Window = c.Window(layer), Sinks = w.Has("attn_sinks") ? w.Vector("attn_sinks", c.Heads) : null },
                },
                w.RmsNorm("ffn_norm", c),
                w.Has("ffn_gate_inp") ? w.Experts(c, routing) : w.Gated(c)));
        },
    };

    /// <summary>A number for each layer, by whether it has a window.</summary>
    static long[]? ByKind(FolderConfig c, long windowed, long full)
        => c.Find("layer_types") is string[] types ? Array.ConvertAll(types, type => type is "sliding_attention" ? windowed : full)
            : c.Find("hybrid_layer_pattern") is long[] flags ? Array.ConvertAll(flags, flag => flag == 1 ? windowed : full)
            : null;
}
