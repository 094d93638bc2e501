using Homegrown.Engine.Layers;

namespace Homegrown.Engine.Models;

/// <summary>Hyper-connections by the keys and names that they have in GGUF: <c>hyper_connection.*</c>, hc_attn_*, hc_ffn_*, output_hc_*.</summary>
static class HyperWeights
{
    /// <summary>Streams of a model, and how its connections weigh them.</summary>
    public static HyperShape ReadStreams(this ModelConfig c)
    {
        var keys = c.Metadata;
        return new(keys.Positive("hyper_connection.count"), c.NormEpsilon, keys.Optional("hyper_connection.epsilon", 1e-6f))
        {
            Rounds = keys.Has("hyper_connection.sinkhorn_iterations") ? Math.Max(1, keys.Count("hyper_connection.sinkhorn_iterations")) : 0,
            Magnitude = keys.Optional("hyper_connection.magnitude", 2f),
        };
    }

    /// <summary>hc_attn or hc_ffn: _fn, _scale and _base.</summary>
    public static HyperConnection HyperConnection(this Weights w, string name, ModelConfig c, HyperShape shape)
        => new(w.Linear($"{name}_fn", shape.Streams * c.Hidden, shape.Weights), w.Vector($"{name}_scale", shape.Rounds > 0 ? 3 : 2), w.Vector($"{name}_base", shape.Weights), shape);

    /// <summary>A block of pre-norms between the layer's connections.</summary>
    public static HyperBlock HyperBlock(this Weights w, ModelConfig c, HyperShape shape, IMixer mixer, IFeedForward feedForward) => new(
        w.HyperConnection("hc_attn", c, shape), w.RmsNorm("attn_norm", c), mixer,
        w.HyperConnection("hc_ffn", c, shape), w.RmsNorm("ffn_norm", c), feedForward);

    /// <summary>output_hc_fn, _scale and _base, and the last norm.</summary>
    public static MixtureOfStreams MixtureOfStreams(this Weights w, ModelConfig c, HyperShape shape)
        => new(w.Linear("output_hc_fn", shape.Streams * c.Hidden, shape.Streams), w.Vector("output_hc_scale", 1)[0], w.Vector("output_hc_base", shape.Streams), shape, w.RmsNorm("output_norm", c));
}
