using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;

namespace Homegrown.Engine.Models;

/// <summary>
/// EXAONE 4 (LG, 2025, arXiv 2507.11407 §2): norms on heads and after each branch only; three layers with a window to one without, which is
/// told no positions. The small one has neither windows nor layers without positions.
/// </summary>
public static class Exaone4
{
    public static readonly Architecture Architecture = new("exaone4")
    {
        Maker = "LG",
        Models = "EXAONE 4.0 1.2B and 32B",
        Folders = [new("exaone4")
        {
            Names = NameMap.Llama.With(
                ("blk.{l}.post_attention_norm", "model.layers.{l}.post_attention_layernorm"),
                ("blk.{l}.post_ffw_norm", "model.layers.{l}.post_feedforward_layernorm")),
            Idle = ["sliding_window_pattern"],
        }],
        Load = (c, w) =>
        {
            var windows = c.WithFullLayers(period: 4, full: 3);
            var rope = RopeLayer.Halves(c.HeadDim, c.Rope, w.VectorOrEmpty("rope_freqs", c.Rope.Dims / 2));
            var local = windows.Windows.Any(window => window > 0);
            return new Transformer(c, w, [rope], (layer, w) => new ResidualBlock(
                null,
                new SelfAttention(layer, w, c.Hidden, c.Shape)
                {
                    Rope = local && windows.Window(layer) is null ? null : rope,
                    Norms = w.HeadNorms(c),
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
