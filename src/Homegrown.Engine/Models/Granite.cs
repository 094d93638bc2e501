using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;

namespace Homegrown.Engine.Models;

/// <summary>
/// Granite 3 (IBM, 2024) and MiniCPM 1 and 2 (OpenBMB, 2024, arXiv 2404.06395 §3.2): Llama's block with multipliers on the token's row, on
/// what each branch adds, on the scores, and on the logits (a divisor).
/// </summary>
/// <remarks>
/// MiniCPM files without the keys mean 12, 1.4 / sqrt(layers) and hidden / 256, its authors' values; a well-known reader divides the
/// logits by 256 / hidden instead (docs/adr/0009).
/// </remarks>
public static class Granite
{
    public static readonly Architecture Architecture = new("granite")
    {
        Maker = "IBM",
        Models = "Granite 3 2B and 8B",
        Folders = [new("granite")
        {
            Keys = KeyMap.Decoder.With(
                ("embedding_scale", "embedding_multiplier"),
                ("residual_scale", "residual_multiplier"),
                ("attention.scale", "attention_multiplier"),
                ("logit_scale", "logits_scaling")),
            Names = Llama.Paired(NameMap.Llama),
        }],
        Load = (c, w) => Build(c, w, 1, 1, 1),
    };

    public static readonly Architecture MiniCpm = new("minicpm")
    {
        Maker = "OpenBMB",
        Models = "MiniCPM 1 and 2 1.2B and 2.4B",
        Folders = [new("minicpm")
        {
            Keys = KeyMap.Decoder.With(("embedding_scale", "scale_emb")).With(
                ("residual_scale", c => c.Number("scale_depth") / Math.Sqrt(c.Number("num_hidden_layers") ?? 1)),
                ("logit_scale", c => c.Number("hidden_size") / c.Number("dim_model_base"))),
            Names = Llama.Paired(NameMap.Llama),
        }],
        Load = (c, w) => Build(c, w, 12, 1.4f / MathF.Sqrt(c.Layers), c.Hidden / 256f),
    };

    static Transformer Build(ModelConfig c, Weights w, float embedding, float residual, float logits)
    {
        var keys = c.Metadata;
        var rope = RopeLayer.Adjacent(c.HeadDim, c.Rope);
        var branch = keys.Optional("residual_scale", residual);
        var scale = keys.Number("attention.scale") is > 0 and var given ? (float)given : default(float?);
        return new(c, w, [rope], (layer, w) => new ResidualBlock(
            w.RmsNorm("attn_norm", c),
            new SelfAttention(layer, w, c.Hidden, c.Shape) { Rope = rope, Options = new() { Scale = scale } },
            w.RmsNorm("ffn_norm", c),
            w.Gated(c))
        { BranchScale = branch })
        {
            EmbeddingScale = keys.Optional("embedding_scale", embedding),
            LogitScale = 1 / keys.Optional("logit_scale", logits),
        };
    }
}
