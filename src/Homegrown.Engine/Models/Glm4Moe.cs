using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;

namespace Homegrown.Engine.Models;

/// <summary>
/// GLM-4.5 to 4.7 (Zhipu, 2025, arXiv 2508.06471 §2.1): biases on q, k and v, head norms in the larger ones, half of each head turning by
/// halves; dense first layers, then experts by sigmoid scores with a bias that only chooses, and one shared. Its GGUF calls the norm
/// before the feed-forward block post_attention_norm.
/// </summary>
/// <remarks>Layers beyond the count predict further tokens and are not run.</remarks>
public static class Glm4Moe
{
    public static readonly Architecture Architecture = new("glm4moe")
    {
        Maker = "Zhipu",
        Models = "GLM-4.5 and 4.6 355B, Air 106B, GLM-4.7",
        Folders = [new("glm4_moe")
        {
            Names = NameMap.Experts.With(("blk.{l}.post_attention_norm", "model.layers.{l}.post_attention_layernorm")),
            Idle = ["use_qk_norm"],
        }],
        Load = (c, w) =>
        {
            var dense = c.Metadata.Count("leading_dense_block_count");
            var routing = c.ReadRouting(RouterScores.Sigmoid, normalised: false);
            return Llama.Build(c, w, RopeLayer.Halves(c.HeadDim, c.Rope), (layer, w) => layer < dense ? w.Gated(c) : w.Experts(c, routing), "post_attention_norm");
        },
    };
}
