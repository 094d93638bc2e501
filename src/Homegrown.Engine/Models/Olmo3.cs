using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;

namespace Homegrown.Engine.Models;

/// <summary>
/// OLMo 2 and 3 (AI2, 2025, arXiv 2501.00656 §2): norms over all heads of q and of k, and after each branch only. OLMo 3 has windows in three
/// layers of four and YaRN in the others alone.
/// </summary>
public static class Olmo3
{
    public static readonly Architecture Architecture = new("olmo2")
    {
        Maker = "AI2",
        Models = "OLMo 2 1B to 32B, OLMo 3 7B and 32B",
        Folders = [new("olmo2", "olmo3")
        {
            Keys = KeyMap.Decoder.With(FolderRope.Of("full_attention", "")),
            Names = NameMap.Llama.With(
                ("blk.{l}.post_attention_norm", "model.layers.{l}.post_attention_layernorm"),
                ("blk.{l}.post_ffw_norm", "model.layers.{l}.post_feedforward_layernorm")),
        }],
        Load = (c, w) =>
        {
            var windows = c.WithFullLayers(period: 4, full: 3);
            var (full, local) = (RopeLayer.Halves(c.HeadDim, c.Rope), RopeLayer.Halves(c.HeadDim, c.Rope with { Scaling = RopeScaling.None }));
            return new Transformer(c, w, [full, local], (layer, w) => new ResidualBlock(
                null,
                new SelfAttention(layer, w, c.Hidden, c.Shape)
                {
                    Rope = windows.Window(layer) is null ? full : local,
                    Norms = (w.RmsNorm("attn_q_norm", c.Heads * c.HeadDim, c.NormEpsilon), w.RmsNorm("attn_k_norm", c.KvHeads * c.HeadDim, c.NormEpsilon)),
                    Options = new() { Window = windows.Window(layer) },
                },
                null,
                w.Gated(c))
            {
                AfterMixer = w.RmsNorm("post_attention_norm", c),
                AfterFeedForward = w.RmsNorm("post_ffw_norm", c),
            });
        },
    };
}
