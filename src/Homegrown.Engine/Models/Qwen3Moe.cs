using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;

namespace Homegrown.Engine.Models;

/// <summary>
/// Qwen3-30B-A3B, 235B-A22B and Qwen3-Coder (Alibaba, 2025, arXiv 2505.09388 §2): Qwen3's block with experts, softmax scores of which the
/// chosen are normalised, none shared.
/// </summary>
public static class Qwen3Moe
{
    public static readonly Architecture Architecture = new("qwen3moe")
    {
        Maker = "Alibaba",
        Models = "Qwen3-30B-A3B, 235B-A22B, Qwen3-Coder 30B and 480B",
        Folders = [new("qwen3_moe")
        {
            Names = NameMap.Experts,
            Idle = ["decoder_sparse_step", "mlp_only_layers", "qkv_bias"],
        }],
        Load = (c, w) =>
        {
            var routing = c.ReadRouting(RouterScores.Softmax, normalised: true);
            return Llama.Build(c, w, RopeLayer.Halves(c.HeadDim, c.Rope), (_, w) => w.Has("ffn_gate_inp") ? w.Experts(c, routing) : w.Gated(c));
        },
    };
}
