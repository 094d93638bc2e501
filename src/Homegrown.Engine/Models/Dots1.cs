using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;

namespace Homegrown.Engine.Models;

/// <summary>
/// dots.llm1 (rednote, 2025, arXiv 2506.05767 §2.1): a key head for every query head, norms on heads, dense first layers, then experts
/// by sigmoid scores with a bias that only chooses, and two shared.
/// </summary>
public static class Dots1
{
    public static readonly Architecture Architecture = new("dots1")
    {
        Maker = "rednote",
        Models = "dots.llm1 142B-A14B",
        Folders = [new("dots1") { Names = NameMap.Experts }],
        Load = (c, w) =>
        {
            var dense = c.Metadata.Count("leading_dense_block_count");
            var routing = c.ReadRouting(RouterScores.Sigmoid, normalised: true);
            return Llama.Build(c, w, RopeLayer.Halves(c.HeadDim, c.Rope), (layer, w) => layer < dense ? w.Gated(c) : w.Experts(c, routing));
        },
    };
}
