using Homegrown.Engine.Layers;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Models;

/// <summary>
/// Spark X2.5 1.7B and 4B (iFLYTEK, 2026): Llama's block with a GELU gate, windows in three of four layers, a rotation for each kind of
/// layer, and a sigmoid gate on each head's output.
/// </summary>
public static class Spark
{
    public static readonly Architecture Architecture = new("spark2_5")
    {
        Maker = "iFLYTEK",
        Models = "Spark X2.5 1.7B and 4B",
        Load = (c, w) =>
        {
            var full = RopeLayer.Halves(c.HeadDim, c.Rope);
            var local = RopeLayer.Halves(c.HeadDim, RopeConfig.Read(c.Metadata, c.HeadDim, c.ContextLength, "_swa"));
            return new Transformer(c, w, [full, local], (layer, w) => new ResidualBlock(
                w.RmsNorm("attn_norm", c),
                new SelfAttention(layer, w, c.Hidden, c.Shapes[layer])
                {
                    Rope = c.Window(layer) is null ? full : local,
                    Gate = w.Linear("attn_gate", c.Hidden, c.Shapes[layer].Heads),
                    Options = new() { Window = c.Window(layer) },
                },
                w.RmsNorm("ffn_norm", c),
                w.Gated(c.Hidden, c.FeedForward, new(c.HalfGelu ? Activation.GeluTanhHalf : Activation.GeluTanh))));
        },
    };
}
