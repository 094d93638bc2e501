using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;

namespace Homegrown.Engine.Models;

/// <summary>
/// Seed-OSS (ByteDance, 2025): Llama's block with biases on q, k and v. Its GGUF calls the norm before the feed-forward block
/// post_attention_norm.
/// </summary>
public static class SeedOss
{
    public static readonly Architecture Architecture = new("seed_oss")
    {
        Maker = "ByteDance",
        Models = "Seed-OSS 36B",
        Folders = [new("seed_oss")
        {
            Idle = ["attention_out_bias", "residual_dropout"],
            Names = NameMap.Llama.With(("blk.{l}.post_attention_norm", "model.layers.{l}.post_attention_layernorm")),
        }],
        Load = (c, w) => Llama.Build(c, w, RopeLayer.Halves(c.HeadDim, c.Rope), between: "post_attention_norm"),
    };
}
