using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Models;

/// <summary>
/// Gemma 2 and 3 (Google, 2024 and 2025, arXiv 2408.00118 §2 and 2503.19786 §2): norms before and after each branch, a GELU gate, token rows
/// times the root of hidden, windows in all layers but every second (2) or sixth (3). Gemma 2 caps scores and logits; Gemma 3 has norms
/// on heads, and turns windowed layers by a base of their own.
/// </summary>
/// <remarks>A folder's norms hold gain - 1, GGUF's the gain.</remarks>
public static class Gemma
{
    static readonly NameMap Names = NameMap.Llama.With(
        ("blk.{l}.ffn_norm", new("model.layers.{l}.pre_feedforward_layernorm", (tensor, _) => tensor.Map(PlusOne))),
        ("blk.{l}.post_attention_norm", new("model.layers.{l}.post_attention_layernorm", (tensor, _) => tensor.Map(PlusOne))),
        ("blk.{l}.post_ffw_norm", new("model.layers.{l}.post_feedforward_layernorm", (tensor, _) => tensor.Map(PlusOne))),
        ("blk.{l}.attn_norm", new("model.layers.{l}.input_layernorm", (tensor, _) => tensor.Map(PlusOne))),
        ("blk.{l}.attn_q_norm", new("model.layers.{l}.self_attn.q_norm", (tensor, _) => tensor.Map(PlusOne))),
        ("blk.{l}.attn_k_norm", new("model.layers.{l}.self_attn.k_norm", (tensor, _) => tensor.Map(PlusOne))),
        ("output_norm", new("model.norm", (tensor, _) => tensor.Map(PlusOne))));

    static readonly KeyMap Keys = KeyMap.Decoder.With(
        ("attn_logit_softcapping", "attn_logit_softcapping"),
        ("final_logit_softcapping", "final_logit_softcapping")).With(
        ("attention.causal", c => !(c.Flag("use_bidirectional_attention") ?? false)),
        ("attention.scale", c => 1 / Math.Sqrt(c.Number("query_pre_attn_scalar") ?? c.Number("head_dim") ?? 256)));

    static readonly string[] Idle = ["_sliding_window_pattern", "cache_implementation", "sliding_window_pattern"];

    public static readonly Architecture Gemma2 = new("gemma2")
    {
        Maker = "Google",
        Models = "Gemma 2 2B to 27B",
        Folders = [new("gemma2") { Keys = Keys, Names = Names, Idle = Idle }],
        Load = (c, w) => Build(c.WithFullLayers(period: 2, full: 1), w, c.Rope),
    };

    public static readonly Architecture Gemma3 = new("gemma3")
    {
        Maker = "Google",
        Models = "Gemma 3 270M to 27B, the text part",
        Folders = [new("gemma3_text")
        {
            Keys = Keys.With(FolderRope.Of("full_attention", "")).With(FolderRope.Of("sliding_attention", "_swa"))
                .With(("rope.freq_base_swa", "rope_parameters.sliding_attention.rope_theta|rope_local_base_freq")),
            Names = Names,
            Idle = Idle,
        }],
        Load = BuildGemma3,
    };

    /// <summary>EmbeddingGemma (2025, arXiv 2509.20354 §2) as GGUF calls it; its folder is a Gemma 3 that sees both sides.</summary>
    public static readonly Architecture Embedding = new("gemma-embedding")
    {
        Maker = "Google",
        Models = "EmbeddingGemma 300M",
        Defaults = new Dictionary<string, object> { ["attention.causal"] = false },
        Load = BuildGemma3,
    };

    static Transformer BuildGemma3(ModelConfig c, Weights w)
        => Build(c.WithFullLayers(period: 6, full: 5), w, RopeConfig.Read(c.Metadata, c.HeadDim, c.ContextLength, "_swa"));

    /// <param name="windowed">How layers with a window turn.</param>
    static Transformer Build(ModelConfig c, Weights w, RopeConfig windowed)
    {
        var (full, local) = (RopeLayer.Halves(c.HeadDim, c.Rope), RopeLayer.Halves(c.HeadDim, windowed));
        var (scale, cap) = ((float?)c.Metadata.Number("attention.scale"), (float?)c.Metadata.Number("attn_logit_softcapping"));
        return new(c, w, [full, local], (layer, w) => new ResidualBlock(
            w.RmsNorm("attn_norm", c),
            new SelfAttention(layer, w, c.Hidden, c.Shape)
            {
                Rope = c.Window(layer) is null ? full : local,
                Norms = w.HeadNorms(c),
                Options = c.Sight(layer) with { Scale = scale, SoftCap = cap },
            },
            w.RmsNorm("ffn_norm", c),
            w.Gated(c.Hidden, c.FeedForward, new(c.HalfGelu ? Activation.GeluTanhHalf : Activation.GeluTanh)))
        {
            AfterMixer = w.RmsNorm("post_attention_norm", c),
            AfterFeedForward = w.RmsNorm("post_ffw_norm", c),
        })
        {
            EmbeddingScale = MathF.Sqrt(c.Hidden),
            LogitCap = (float?)c.Metadata.Number("final_logit_softcapping"),
        };
    }

    static float PlusOne(float gain) => 1 + gain;
}
