using Homegrown.Engine.Layers;

namespace Homegrown.Engine.Models;

/// <summary>
/// Qwen3 dense (Alibaba, 2025, arXiv 2505.09388 §2): Llama's block with an RMS norm on every head of q and k before they turn, no
/// biases, and a head size that is not hidden / heads. Small sizes tie the head to the embedding.
/// </summary>
public static class Qwen3
{
    public static readonly Architecture Architecture = new("qwen3")
    {
        Maker = "Alibaba",
        Models = "Qwen3 0.6B to 32B",
        Folders = [new("qwen3")],
        Load = (c, w) => Llama.Build(c, w, RopeLayer.Halves(c.HeadDim, c.Rope)),
    };
}
