using Homegrown.Engine.Layers;

namespace Homegrown.Engine.Models;

/// <summary>
/// Qwen2 and Qwen2.5 dense (Alibaba, 2024, arXiv 2407.10671 §2.2 and 2412.15115 §2): Llama's block with biases on q, k and v,
/// which every product takes where the file has them, and rotary pairs by halves. The small sizes tie the head to the embedding;
/// contexts beyond 32k are YaRN, opted into by the file.
/// </summary>
public static class Qwen2
{
    public static readonly Architecture Architecture = new("qwen2")
    {
        Maker = "Alibaba",
        Models = "Qwen2 and Qwen2.5 0.5B to 72B, QwQ 32B, DeepSeek-R1-Distill-Qwen",
        Folders = [new("qwen2")],
        Load = (config, weights) => Llama.Build(config, weights, RopeLayer.Halves(config.HeadDim, config.Rope)),
    };

    /// <summary>The text part of Qwen2-VL (2024, arXiv 2409.12191 §2): its three-part positions are all equal in a text.</summary>
    public static readonly Architecture Vision = new("qwen2vl")
    {
        Maker = "Alibaba",
        Models = "Qwen2-VL and Qwen2.5-VL 2B to 72B, the text part",
        Load = Architecture.Load,
        Defaults = new Dictionary<string, object> { ["attention.layer_norm_rms_epsilon"] = 0.0 },
    };
}
