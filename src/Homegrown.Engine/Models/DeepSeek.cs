using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;

namespace Homegrown.Engine.Models;

/// <summary>
/// DeepSeekMoE 16B (DeepSeek, 2024, arXiv 2401.06066 §3): Llama's attention; dense first layers, then many small experts by softmax scores,
/// beside shared ones.
/// </summary>
public static class DeepSeek
{
    public static readonly Architecture Architecture = new("deepseek")
    {
        Maker = "DeepSeek",
        Models = "DeepSeekMoE 16B",
        Folders = [new("deepseek")
        {
            Keys = KeyMap.Decoder.With(("expert_gating_func", c => LatentFolders.Scores(c, 1))),
            Names = Llama.Paired(NameMap.Experts),
            Idle = ["aux_loss_alpha", "ep_size", "moe_layer_freq", "seq_aux"],
        }],
        Load = (c, w) =>
        {
            var routing = c.Metadata.Count("expert_count") > 0 ? c.ReadRouting(RouterScores.Softmax, normalised: false) : null;
            var rope = RopeLayer.Adjacent(c.HeadDim, c.Rope, w.VectorOrEmpty("rope_freqs", c.Rope.Dims / 2));
            return Llama.Build(c, w, rope, (layer, w) => w.ExpertsOrGated(c, layer, routing));
        },
    };
}
