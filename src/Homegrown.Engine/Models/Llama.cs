using Homegrown.Engine.Folders;
using Homegrown.Engine.Formats;
using Homegrown.Engine.Layers;

namespace Homegrown.Engine.Models;

/// <summary>
/// Llama 1 to 3 (Meta, 2023 and 2024, arXiv 2302.13971 §2.2 and 2407.21783 §3.2), and what was built in its shape: Mistral 7B,
/// Yi, SmolLM2. Pre-norm blocks, rotary positions, grouped queries, gated feed-forward, no biases in Meta's own weights (others
/// have them: a product takes its bias where the file has one). Small sizes tie the head to the embedding.
/// </summary>
/// <remarks>
/// Its GGUF stores q and k with rows reordered so that pairs are adjacent. Llama 3.1 stretches its context by a divisor for each
/// frequency: in GGUF the tensor rope_freqs.
/// </remarks>
public static class Llama
{
    public static readonly Architecture Architecture = new("llama")
    {
        Maker = "Meta",
        Folders = [new("llama", "mistral", "internlm3") { Names = NameMap.Llama.With(
            ("blk.{l}.attn_q", new("model.layers.{l}.self_attn.q_proj", Paired)),
            ("blk.{l}.attn_k", new("model.layers.{l}.self_attn.k_proj", Paired))) }],
        Load = (config, weights) => Build(config, weights,
            RopeLayer.Adjacent(config.HeadDim, config.Rope, weights.VectorOrEmpty("rope_freqs", config.Rope.Dims / 2))),
    };

    /// <param name="rope">How positions turn q and k: the one thing in which many families of this shape differ.</param>
    internal static Transformer Build(ModelConfig c, Weights w, RopeLayer rope) => new(c, w, [rope], (layer, w) => new PreNormBlock(
        w.RmsNorm("attn_norm", c.Hidden, c.NormEpsilon),
        new SelfAttention(layer, w, c.Hidden, new(c.Heads, c.KvHeads, c.HeadDim)) { Rope = rope, Window = c.Window(layer) },
        w.RmsNorm("ffn_norm", c.Hidden, c.NormEpsilon),
        w.Gated(c.Hidden, c.FeedForward, new(c.Activation))));

    static ModelTensor Paired(ModelTensor tensor, ModelMetadata keys)
        => tensor.HalvesToPairs(keys.Optional("attention.key_length", () => keys.Positive("embedding_length") / keys.Positive("attention.head_count")));
}
