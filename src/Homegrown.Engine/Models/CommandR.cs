using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;

namespace Homegrown.Engine.Models;

/// <summary>
/// Command R, R+ and Aya (Cohere, 2024, arXiv 2405.15032 §2; after PaLM, 2204.02311 §2): attention and feed-forward block side by side on one
/// layer norm without bias, every layer told positions, by neighbours; R+ has layer norms on heads, a gain for each. Logits are scaled. Tied.
/// </summary>
public static class CommandR
{
    public static readonly Architecture Architecture = new("command-r")
    {
        Maker = "Cohere",
        Models = "Command R 35B, R+ 104B, Aya 8B to 35B",
        Folders = [new("cohere")
        {
            Keys = KeyMap.Decoder.With(("context_length", "model_max_length|max_position_embeddings")).With(
                ("logit_scale", c => c.Number("logit_scale") ?? 0.0625)),
            Idle = ["use_qk_norm"],
        }],
        Load = (c, w) =>
        {
            var rope = RopeLayer.Adjacent(c.HeadDim, c.Rope);
            return new Transformer(c, w, [rope], (layer, w) => new ParallelBlock(
                w.LayerNorm("attn_norm", c),
                new SelfAttention(layer, w, c.Hidden, c.Shape) { Rope = rope, Norms = w.HeadLayerNorms(c) },
                null,
                w.Gated(c)), w.LayerNorm("output_norm", c))
            { LogitScale = c.Metadata.Optional("logit_scale", 1f) };
        },
    };
}
