using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;

namespace Homegrown.Engine.Models;

/// <summary>
/// Phi-3, 3.5, 4 and 4-mini (Microsoft, 2024, arXiv 2404.14219 §2): Llama's block with q, k and v in one tensor, gate and up in another;
/// LongRoPE in the long-context ones, parts of a head that do not turn in the small ones.
/// </summary>
public static class Phi3
{
    public static readonly Architecture Architecture = new("phi3")
    {
        Maker = "Microsoft",
        Models = "Phi-3 and 3.5 3.8B to 14B, Phi-4 14B, Phi-4-mini",
        Folders = [new("phi3")
        {
            Names = NameMap.Llama.With(
                ("blk.{l}.attn_qkv", "model.layers.{l}.self_attn.qkv_proj"),
                ("blk.{l}.ffn_up", "model.layers.{l}.mlp.gate_up_proj")),
        }],
        Load = (c, w) => Llama.Build(c, w, RopeLayer.Halves(c.HeadDim, w.LongRope(c))),
    };

    /// <summary>GGUF keeps LongRoPE's divisors as tensors, and says nothing of the kind.</summary>
    internal static RopeConfig LongRope(this Weights w, ModelConfig c)
    {
        if (!w.Has("rope_factors_long")) return c.Rope;
        var original = c.Metadata.Optional("rope.scaling.original_context_length", () => c.ContextLength);
        return c.Rope with
        {
            Scaling = new(RopeScalingKind.LongRope, (double)c.ContextLength / original, original)
            {
                Magnitude = c.Metadata.Optional("rope.scaling.attn_factor", 1f),
                ShortFactors = Doubles(w.Vector("rope_factors_short", c.Rope.Dims / 2)),
                LongFactors = Doubles(w.Vector("rope_factors_long", c.Rope.Dims / 2)),
            },
        };
    }

    static double[] Doubles(float[] values) => Array.ConvertAll(values, value => (double)value);
}
