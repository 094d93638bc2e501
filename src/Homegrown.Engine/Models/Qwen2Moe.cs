using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;

namespace Homegrown.Engine.Models;

/// <summary>
/// Qwen1.5-MoE and Qwen2-57B-A14B (Alibaba, 2024, arXiv 2407.10671 §2.2.2): Qwen2's block with experts whose softmax weights are not
/// normalised, and a shared expert behind a sigmoid gate of one product.
/// </summary>
public static class Qwen2Moe
{
    public static readonly Architecture Architecture = new("qwen2moe")
    {
        Maker = "Alibaba",
        Models = "Qwen1.5-MoE-A2.7B, Qwen2-57B-A14B",
        Folders = [new("qwen2_moe")
        {
            Names = NameMap.Experts.With(
                ("blk.{l}.ffn_gate_inp_shexp", "model.layers.{l}.mlp.shared_expert_gate"),
                ("blk.{l}.ffn_gate_shexp", "model.layers.{l}.mlp.shared_expert.gate_proj"),
                ("blk.{l}.ffn_up_shexp", "model.layers.{l}.mlp.shared_expert.up_proj"),
                ("blk.{l}.ffn_down_shexp", "model.layers.{l}.mlp.shared_expert.down_proj")),
            Idle = ["decoder_sparse_step", "mlp_only_layers"],
        }],
        Load = (c, w) =>
        {
            var routing = c.ReadRouting(RouterScores.Softmax, normalised: false);
            return Llama.Build(c, w, RopeLayer.Halves(c.HeadDim, c.Rope), (_, w) => w.Has("ffn_gate_inp") ? w.Experts(c, routing) : w.Gated(c));
        },
    };
}
