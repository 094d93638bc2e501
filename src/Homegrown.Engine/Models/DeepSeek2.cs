using Homegrown.Engine.Cache;
using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;

namespace Homegrown.Engine.Models;

/// <summary>
/// DeepSeek-V2 and V3 (DeepSeek, 2024, arXiv 2405.04434 §2 and 2412.19437 §2.1): latent attention; dense first layers, then many small
/// experts beside shared ones, chosen from the best groups. V2 takes softmax scores and groups by their best; V3 sigmoids with a bias that
/// only chooses, and groups by their two best.
/// </summary>
/// <remarks>Layers beyond the count predict further tokens and are not run.</remarks>
public static class DeepSeek2
{
    public static readonly Architecture Architecture = new("deepseek2")
    {
        Maker = "DeepSeek",
        Folders =
        [
            new("deepseek_v3", "kimi_k2")
            {
                Keys = LatentFolders.Keys.With(("expert_gating_func", c => LatentFolders.Scores(c, 2))),
                Names = LatentFolders.Names,
                Idle = [.. LatentFolders.Idle, "topk_method"],
            },
        ],
        Load = (c, w) =>
        {
            var kept = new KvShape();
            var shape = LatentShape.Read(c);
            var rope = c.Metadata.Flag("rope.interleaved", true) ? RopeLayer.Adjacent(shape.TurnedDim, c.Rope) : RopeLayer.Halves(shape.TurnedDim, c.Rope);
            var routing = c.Metadata.Count("expert_count") > 0 ? c.ReadRouting(RouterScores.Softmax, normalised: false) : null;
            if (routing is not null) routing = routing with { GroupsByTwo = routing.Scores == RouterScores.Sigmoid };
            return new Transformer(c, w, [rope], (layer, w) => new ResidualBlock(
                w.RmsNorm("attn_norm", c),
                new LatentAttention(w, c.Hidden, shape, kept) { Rope = rope },
                w.RmsNorm("ffn_norm", c),
                routing is not null && w.Has("ffn_gate_inp") ? w.Experts(c, routing) : w.Gated(c)), cache: kept);
        },
    };
}
