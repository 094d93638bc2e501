using Homegrown.Engine.Cache;
using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;

namespace Homegrown.Engine.Models;

/// <summary>
/// MiniCPM3 (OpenBMB, 2024): latent attention as DeepSeek-V2 has it, turned by halves, in MiniCPM's dense block with its multipliers
/// (arXiv 2404.06395 §3.2) and LongRoPE.
/// </summary>
/// <remarks>GGUF files have no multipliers, and mean 12, 1.4 / sqrt(layers) and hidden / 256, as folders do that leave them out.</remarks>
public static class MiniCpm3
{
    public static readonly Architecture Architecture = new("minicpm3")
    {
        Maker = "OpenBMB",
        Models = "MiniCPM3 4B",
        Folders = [new("minicpm3")
        {
            Keys = LatentFolders.Keys.With(Granite.MiniCpmKeys).With(("embedding_scale", "scale_emb")).With(("rope.interleaved", _ => false)),
            Names = LatentFolders.Latent(NameMap.Llama),
            Idle = LatentFolders.Idle,
        }],
        Load = (c, w) =>
        {
            var (keys, kept, shape) = (c.Metadata, new KvShape(), LatentShape.Read(c));
            var rope = RopeLayer.Halves(shape.TurnedDim, w.LongRope(c));
            var branch = keys.Optional("residual_scale", 1.4f / MathF.Sqrt(c.Layers));
            return new Transformer(c, w, [rope], (layer, w) => new ResidualBlock(
                w.RmsNorm("attn_norm", c),
                new LatentAttention(w, c.Hidden, shape, kept) { Rope = rope },
                w.RmsNorm("ffn_norm", c),
                w.Gated(c))
            { BranchScale = branch }, cache: kept)
            {
                EmbeddingScale = keys.Optional("embedding_scale", 12f),
                LogitScale = 1 / keys.Optional("logit_scale", c.Hidden / 256f),
            };
        },
    };
}
