using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;

namespace Homegrown.Engine.Models;

/// <summary>
/// Apertus 8B and 70B (Swiss AI, 2025, arXiv 2509.14233 §2.1): norms on heads, Llama 3's stretch (config.json of swiss-ai/Apertus-8B-2509),
/// and a feed-forward block without a gate whose activation, xIELU (arXiv 2411.13010 §3), learns its two slopes in each layer.
/// </summary>
/// <remarks>GGUF has the activation's numbers as keys, a number for each layer, and the stretch as divisors.</remarks>
public static class Apertus
{
    public static readonly Architecture Architecture = new("apertus")
    {
        Maker = "Swiss AI",
        Models = "Apertus 8B and 70B",
        Folders = [new("apertus")
        {
            Keys = KeyMap.Decoder.With(("activation", c => c.Text("hidden_act") is "xielu" ? null : c.Text("hidden_act"))),
            Names = NameMap.Llama.With(
                ("blk.{l}.attn_norm", "model.layers.{l}.attention_layernorm"),
                ("blk.{l}.ffn_norm", "model.layers.{l}.feedforward_layernorm"),
                ("blk.{l}.ffn_xielu_alpha_p", "model.layers.{l}.mlp.act_fn.alpha_p"),
                ("blk.{l}.ffn_xielu_alpha_n", "model.layers.{l}.mlp.act_fn.alpha_n"),
                ("blk.{l}.ffn_xielu_beta", "model.layers.{l}.mlp.act_fn.beta"),
                ("blk.{l}.ffn_xielu_eps", "model.layers.{l}.mlp.act_fn.eps")),
        }],
        Load = (c, w) => Llama.Build(c, w, RopeLayer.Halves(c.HeadDim, c.Rope, w.VectorOrEmpty("rope_freqs", c.Rope.Dims / 2)), (layer, w) => new XieluLayer(
            w.Linear("ffn_up", c.Hidden, c.FeedForward),
            w.Linear("ffn_down", c.FeedForward, c.Hidden),
            Number(c, layer, w, "alpha_p"),
            Number(c, layer, w, "alpha_n"),
            Number(c, layer, w, "beta"),
            Number(c, layer, w, "eps"))),
    };

    static float Number(ModelConfig c, int layer, Weights w, string name)
        => c.Metadata.Numbers($"xielu.{name}", c.Layers) is { } all ? (float)all[layer] : w.Vector($"ffn_xielu_{name}", 1)[0];
}
