using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;

namespace Homegrown.Engine.Models;

/// <summary>
/// Mistral Small 4 and its kin (Mistral, 2026): DeepSeek-V3 with softmax scores, groups ranked by their two best all the same, and
/// <see cref="QueryTemperature"/>.
/// </summary>
public static class Mistral4
{
    public static readonly Architecture Architecture = new("mistral4")
    {
        Maker = "Mistral",
        Models = "Mistral Small 4 119B",
        Folders = [new("mistral4")
        {
            Keys = LatentFolders.Keys.With(("expert_weights_norm", c => c.Flag("norm_topk_prob") ?? true)).With(
                ("attention.temperature_scale", "rope_parameters.llama_4_scaling_beta")),
            Names = LatentFolders.Names.With(
                ("blk.{l}.ffn_gate_up_exps", "model.layers.{l}.mlp.experts.gate_up_proj"),
                ("blk.{l}.ffn_down_exps", "model.layers.{l}.mlp.experts.down_proj")),
            Idle = LatentFolders.Idle,
        }],
        Load = (c, w) => DeepSeek2.Build(c, w, groupsByTwo: true),
    };
}
