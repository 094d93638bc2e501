using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;

namespace Homegrown.Engine.Models;

/// <summary>openPangu-Embedded 1B and 7B (Huawei, 2025, arXiv 2505.22375 §2): Llama's block with biases on q, k, v and the output.</summary>
public static class PanguEmbedded
{
    public static readonly Architecture Architecture = new("pangu-embedded")
    {
        Maker = "Huawei",
        Models = "openPangu-Embedded 1B and 7B",
        Folders = [new("PanguEmbedded", "pangu_embedded")],
        Load = (c, w) => Llama.Build(c, w, RopeLayer.Halves(c.HeadDim, c.Rope)),
    };
}
