using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;

namespace Homegrown.Engine.Models;

/// <summary>
/// Ministral 3 and Mistral Small 3.2's kin (Mistral, 2025): Llama's block, stretched by YaRN, with queries that grow with the logarithm of
/// their position.
/// </summary>
public static class Mistral3
{
    public static readonly Architecture Architecture = new("mistral3")
    {
        Maker = "Mistral",
        Models = "Ministral 3 3B to 14B, Mistral Small 3.2 24B",
        Folders = [new("ministral3")
        {
            Keys = KeyMap.Decoder.With(("attention.temperature_scale", "rope_parameters.llama_4_scaling_beta")),
            Names = Llama.Paired(NameMap.Llama),
        }],
        Load = (c, w) =>
        {
            var rope = RopeLayer.Adjacent(c.HeadDim, c.Rope);
            var temperature = QueryTemperature.Read(c);
            return new Transformer(c, w, [rope], (layer, w) => new ResidualBlock(
                w.RmsNorm("attn_norm", c),
                new SelfAttention(layer, w, c.Hidden, c.Shape) { Rope = rope, Temperature = temperature, Options = new() { Window = c.Window(layer) } },
                w.RmsNorm("ffn_norm", c),
                w.Gated(c)));
        },
    };
}
