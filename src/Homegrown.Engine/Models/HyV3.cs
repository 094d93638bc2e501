using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;

namespace Homegrown.Engine.Models;

/// <summary>
/// Hy3 (Tencent, 2026): norms on heads before they turn (its forerunners: after), dense first layers, then experts by sigmoid scores with a
/// bias that only chooses, scaled, and one shared.
/// </summary>
public static class HyV3
{
    public static readonly Architecture Architecture = new("hy_v3")
    {
        Maker = "Tencent",
        Models = "Hy3",
        Folders = [new("hy_v3")
        {
            Keys = KeyMap.Decoder.With(("expert_weights_scale", "router_scaling_factor")).With(
                ("leading_dense_block_count", c => (c.Find("mlp_layer_types") as string[])?.TakeWhile(type => type == "dense").LongCount())),
            Names = NameMap.Experts.With(
                ("blk.{l}.ffn_gate_inp", "model.layers.{l}.mlp.router.gate"),
                ("blk.{l}.exp_probs_b.bias", "model.layers.{l}.mlp.expert_bias"),
                ("blk.{l}.ffn_gate_shexp", "model.layers.{l}.mlp.shared_mlp.gate_proj"),
                ("blk.{l}.ffn_up_shexp", "model.layers.{l}.mlp.shared_mlp.up_proj"),
                ("blk.{l}.ffn_down_shexp", "model.layers.{l}.mlp.shared_mlp.down_proj")),
            Idle = ["enable_moe_fp32_combine"],
        }],
        Load = Dots1.Architecture.Load,
    };
}
