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
        Models = "Llama 1 to 3.3 (1B to 405B), Mistral 7B, Mixtral 8x7B and 8x22B, Yi 6B to 34B, SmolLM2 135M to 1.7B, InternLM3 8B",
        Folders =
        [
            new("llama", "mistral", "internlm3") { Names = Paired(NameMap.Llama) },
            new("mixtral")
            {
                Names = Paired(NameMap.Llama).With(
                    ("blk.{l}.ffn_gate_inp", "model.layers.{l}.block_sparse_moe.gate"),
                    ("blk.{l}.ffn_gate_exps", "model.layers.{l}.block_sparse_moe.experts.{e}.w1"),
                    ("blk.{l}.ffn_up_exps", "model.layers.{l}.block_sparse_moe.experts.{e}.w3"),
                    ("blk.{l}.ffn_down_exps", "model.layers.{l}.block_sparse_moe.experts.{e}.w2")),
                Idle = ["router_jitter_noise"],
            },
        ],
        Load = (c, w) =>
        {
            // Mixtral (Mistral, 2024, arXiv 2401.04088 §2.1) is of this architecture too: softmax over the chosen experts.
            var routing = c.Metadata.Count("expert_count") > 0 ? c.ReadRouting(RouterScores.Softmax, normalised: true) : null;
            return Build(c, w, RopeLayer.Adjacent(c.HeadDim, c.Rope, w.VectorOrEmpty("rope_freqs", c.Rope.Dims / 2)), (_, w) => routing is null ? w.Gated(c) : w.Experts(c, routing));
        },
    };

    /// <summary>The shape of many families.</summary>
    /// <param name="rope">How positions turn q and k: the one thing in which most of them differ.</param>
    /// <param name="feedForward">By layer, where it is not always the dense gated block.</param>
    /// <param name="between">Name of the norm before the feed-forward block.</param>
    internal static Transformer Build(
        ModelConfig c, Weights w, RopeLayer rope, Func<int, Weights, IFeedForward>? feedForward = null, string between = "ffn_norm")
        => new(c, w, [rope], (layer, w) => new ResidualBlock(
            w.RmsNorm("attn_norm", c),
            new SelfAttention(layer, w, c.Hidden, c.Shapes[layer]) { Rope = rope, Norms = w.HeadNorms(c), Options = c.Sight(layer) },
            w.RmsNorm(between, c),
            feedForward?.Invoke(layer, w) ?? w.Gated(c)));

    /// <summary>q and k as GGUF has them: see the remarks.</summary>
    internal static NameMap Paired(NameMap names) => names.With(
        ("blk.{l}.attn_q", new("model.layers.{l}.self_attn.q_proj", Paired)),
        ("blk.{l}.attn_k", new("model.layers.{l}.self_attn.k_proj", Paired)));

    static ModelTensor Paired(ModelTensor tensor, ModelMetadata keys)
        => tensor.HalvesToPairs(keys.Optional("attention.key_length", () => keys.Positive("embedding_length") / keys.Positive("attention.head_count")));
}
