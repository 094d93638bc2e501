using Homegrown.Engine.Cache;
using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Models;

/// <summary>
/// Hunyuan Hy4 (Tencent, 2026; after config.json and modelling code of tencent/Hy4-preview): latent attention to positions that an indexer
/// chooses, its own or that of a layer before, with sinks and a sigmoid gate on all channels; experts by sigmoid scores with a bias that
/// only chooses and clamped gates, beside a shared one without clamps; residual streams that hyper-connections read and write, but do not mix.
/// </summary>
/// <remarks>
/// Heads turn at their end, those of the indexer too: by halves in a folder, as Hugging Face's library has it, by pairs in GGUF, as llama.cpp
/// has it. First checkpoints have no indexers.
/// </remarks>
public static class HunyuanV4
{
    public static readonly Architecture Architecture = new("hy_v4")
    {
        Maker = "Tencent",
        Models = "Hunyuan 4",
        Folders = [new("hy_v4")
        {
            Keys = LatentFolders.Keys.WithIndexers().With(
                ("hyper_connection.count", "hc_mult"),
                ("hyper_connection.epsilon", "hc_eps"),
                ("hyper_connection.magnitude", "hc_magnitude"),
                ("swiglu_clamp_exp", "swiglu_limit")).With(
                ("rope.interleaved", c => c.Flag("rope_interleave") ?? false),
                ("expert_gating_func", c => LatentFolders.Scores(c, 2)),
                ("expert_weights_norm", c => c.Flag("norm_topk_prob") ?? true)),
            Names = LatentFolders.Names.WithIndexers().With(
                ("blk.{l}.attn_gate", "model.layers.{l}.self_attn.linear_gate"),
                ("blk.{l}.attn_sinks", "model.layers.{l}.self_attn.learnable_sink_param"),
                ("blk.{l}.ffn_gate_up_exps", "model.layers.{l}.mlp.experts.gate_up_proj"),
                ("blk.{l}.ffn_down_exps", "model.layers.{l}.mlp.experts.down_proj|model.layers.{l}.mlp.experts.{e}.down_proj"),
                ("blk.{l}.hc_attn_fn", Connection("attn", "fn")),
                ("blk.{l}.hc_attn_scale", Connection("attn", "scale")),
                ("blk.{l}.hc_attn_base", Connection("attn", "base")),
                ("blk.{l}.hc_ffn_fn", Connection("mlp", "fn")),
                ("blk.{l}.hc_ffn_scale", Connection("mlp", "scale")),
                ("blk.{l}.hc_ffn_base", Connection("mlp", "base")),
                ("output_hc_fn", Head("fn")),
                ("output_hc_scale", Head("scale")),
                ("output_hc_base", Head("base"))),
            Idle = [.. LatentFolders.Idle, "enable_lm_head_fp32", "layer_types", "learnable_sink_init"],
        }],
        Load = (c, w) =>
        {
            var kept = new KvShape();
            var shape = LatentShape.Read(c);
            var rope = shape.Rope(c);
            var streams = c.ReadStreams();
            streams = streams with { WriteFloor = streams.Floor };
            var indexers = w.Layer(0).Has("indexer.attn_k") ? new Indexers(c, rope.AtEndOf, kept) { NormEpsilon = c.NormEpsilon } : null;
            var routing = c.ReadRouting(RouterScores.Sigmoid, normalised: true);
            var (limits, open) = (c.Metadata.Numbers("swiglu_clamp_exp", c.Layers), new Gate(c.Activation));
            return new Transformer(
                c, w, indexers is null ? [rope] : [rope, indexers.Rope],
                (layer, w) => w.HyperBlock(
                    c, streams,
                    new LatentAttention(w, c.Hidden, shape, kept)
                    {
                        Rope = rope,
                        Indexer = indexers?.Of(layer, w),
                        Gate = w.Linear("attn_gate", c.Hidden, shape.Heads * shape.ValueDim),
                        Options = new() { Sinks = w.Vector("attn_sinks", shape.Heads) },
                    },
                    w.Has("ffn_gate_inp") ? w.Experts(c, routing, open with { Limit = limits?[layer] is > 0 and var limit ? (float)limit : null }, open) : w.Gated(c)),
                w.MixtureOfStreams(c, streams), kept)
            {
                Streams = streams.Streams,
            };
        },
    };

    /// <summary>As the makers call it, or as Hugging Face's library writes it.</summary>
    static string Connection(string of, string part)
        => $"model.layers.{{l}}.hc_{of}_layer.hc_pre.hc_{part}|model.layers.{{l}}.hc_pre.hc_{of}_layer.hc_{part}";

    static string Head(string part) => $"model.hc_head.hc_head_{part}|model.hc_pre.hc_head.hc_head_{part}";
}
