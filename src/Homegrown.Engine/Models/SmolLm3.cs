using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;

namespace Homegrown.Engine.Models;

/// <summary>
/// SmolLM3 (Hugging Face, 2025): Llama's block; every fourth layer is told no positions (Yang et al. 2025, arXiv 2501.18795). Tied.
/// </summary>
public static class SmolLm3
{
    const int Interval = 4;

    public static readonly Architecture Architecture = new("smollm3")
    {
        Maker = "Hugging Face",
        Models = "SmolLM3 3B",
        Folders = [new("smollm3")
        {
            Keys = KeyMap.Decoder.With(("no_rope_layers", "no_rope_layers")),
            Idle = ["no_rope_layer_interval"],
            Names = Llama.Paired(NameMap.Llama),
        }],
        Load = (c, w) =>
        {
            // The folder's list has 1 where positions are told; GGUF's readers know the interval.
            var told = c.Metadata.Integers("no_rope_layers", c.Layers) ?? [.. Enumerable.Range(1, c.Layers).Select(layer => layer % Interval == 0 ? 0 : 1)];
            var rope = RopeLayer.Adjacent(c.HeadDim, c.Rope);
            return new Transformer(c, w, [rope], (layer, w) => new ResidualBlock(
                w.RmsNorm("attn_norm", c),
                new SelfAttention(layer, w, c.Hidden, c.Shape) { Rope = told[layer] == 0 ? null : rope },
                w.RmsNorm("ffn_norm", c),
                w.Gated(c)));
        },
    };
}
