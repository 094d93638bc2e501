using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;

namespace Homegrown.Engine.Models;

/// <summary>
/// ERNIE 4.5 (Baidu, 2025, technical report §2): Llama's block with adjacent rotary pairs, in the folder as in GGUF. The larger ones
/// have experts from a layer on: softmax scores, a bias that only chooses, shared experts of a size of their own.
/// </summary>
public static class Ernie45
{
    public static readonly Architecture Architecture = new("ernie4_5")
    {
        Maker = "Baidu",
        Models = "ERNIE 4.5 0.3B",
        Folders = [new("ernie4_5")],
        Load = (c, w) => Llama.Build(c, w, RopeLayer.Adjacent(c.HeadDim, c.Rope)),
    };

    public static readonly Architecture MixtureOfExperts = new("ernie4_5-moe")
    {
        Maker = "Baidu",
        Models = "ERNIE 4.5 21B-A3B and 300B-A47B",
        Folders = [new("ernie4_5_moe")
        {
            Keys = KeyMap.Decoder.With(
                ("leading_dense_block_count", "moe_layer_start_index"),
                ("interleave_moe_layer_step", "moe_layer_interval"))
                .With(("expert_shared_feed_forward_length", c => c.Integer("moe_intermediate_size") * c.Integer("moe_num_shared_experts"))),
            Names = NameMap.Experts.With(("blk.{l}.exp_probs_b.bias", "model.layers.{l}.mlp.moe_statics.e_score_correction_bias")),
            Idle = ["moe_capacity", "moe_layer_end_index", "moe_norm_min", "moe_num_shared_experts"],
        }],
        Load = (c, w) =>
        {
            var (first, step) = (c.Metadata.Count("leading_dense_block_count"), c.Metadata.Count("interleave_moe_layer_step", 1));
            var routing = c.ReadRouting(RouterScores.Softmax, normalised: true);
            return Llama.Build(c, w, RopeLayer.Adjacent(c.HeadDim, c.Rope), (layer, w) => layer >= first && (layer + 1) % step == 0 ? w.Experts(c, routing) : w.Gated(c));
        },
    };
}
