using Homegrown.Engine.Layers;

namespace Homegrown.Engine.Models;

/// <summary>Widths and scale of a latent attention (DeepSeek-V2, arXiv 2405.04434 §2.1): <c>attention.*_lora_rank</c> and <c>*_length_mla</c>.</summary>
/// <param name="Heads">Of queries.</param>
/// <param name="QueryRank">Of the latent that queries come from; 0 where they come from the input.</param>
/// <param name="LatentDim">What a position keeps for keys and values.</param>
/// <param name="KeyDim">Of a head of queries, the turned part last.</param>
/// <param name="TurnedDim">Of the key that heads share and that turns with the position.</param>
/// <param name="ValueDim">Of a head of values.</param>
/// <param name="Scale">On the scores.</param>
/// <param name="NormEpsilon">Of the norms on latents.</param>
public sealed record LatentShape(int Heads, int QueryRank, int LatentDim, int KeyDim, int TurnedDim, int ValueDim, float Scale, float NormEpsilon)
{
    /// <summary>Of a head of queries, what does not turn.</summary>
    public int PlainDim => KeyDim - TurnedDim;

    /// <summary>Reads the keys. Older files have the widths of heads without "_mla".</summary>
    public static LatentShape Read(ModelConfig c) => Read(c, c.Heads, c.Rope, "");

    /// <summary>Reads the keys of one of two kinds of layers.</summary>
    /// <param name="suffix">Of the keys: "_swa" of layers with a window, or empty. What they do not say is as in the others.</param>
    public static LatentShape Read(ModelConfig c, int heads, RopeConfig rope, string suffix)
    {
        var keys = c.Metadata;
        var key = Width("attention.key_length", c.HeadDim);
        if (rope.Dims > key) throw keys.Error("rope.dimension_count", $"{rope.Dims} dimensions of a head of {key} cannot turn");
        return new(heads, keys.Count($"attention.q_lora_rank{suffix}", keys.Count("attention.q_lora_rank")), keys.Optional($"attention.kv_lora_rank{suffix}", () => keys.Positive("attention.kv_lora_rank")),
            key, rope.Dims, Width("attention.value_length", c.Hidden / heads),
            (float)(keys.Number("attention.scale") ?? StretchedScale(rope.Scaling, keys) / Math.Sqrt(key)), keys.Optional("attention.latent_norm_epsilon", c.NormEpsilon));

        int Width(string name, int otherwise)
            => keys.Optional($"{name}_mla{suffix}", () => keys.Optional($"{name}_mla", () => keys.Optional(name, () => otherwise)));
    }

    /// <summary>How the shared key and its part of the queries turn: pairs side by side, unless the file says otherwise.</summary>
    public RopeLayer Rope(ModelConfig c) => Rope(c, c.Rope);

    /// <inheritdoc cref="Rope(ModelConfig)"/>
    public RopeLayer Rope(ModelConfig c, RopeConfig rope)
        => c.Metadata.Flag("rope.interleaved", true) ? RopeLayer.Adjacent(TurnedDim, rope) : RopeLayer.Halves(TurnedDim, rope);

    /// <summary>
    /// Where YaRN stretches, the softmax takes the square of 0.1 m ln(factor) + 1, with m from the file: mscale_all_dim, of which GGUF's
    /// yarn_log_multiplier is a tenth.
    /// </summary>
    static double StretchedScale(RopeScaling scaling, ModelMetadata keys)
    {
        var multiplier = keys.Number("rope.scaling.mscale_all_dim") ?? 10 * keys.Number("rope.scaling.yarn_log_multiplier") ?? 0;
        return scaling.Kind == RopeScalingKind.Yarn ? Math.Pow(RopeConfig.LogScale(scaling.Factor, multiplier), 2) : 1;
    }
}
