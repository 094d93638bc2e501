using Homegrown.Engine.Cache;
using Homegrown.Engine.Layers;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Models;

/// <summary>
/// Llama 1 to 3 (Meta, 2023 and 2024, arXiv 2302.13971 §2.2 and 2407.21783 §3.2), and what was built in its shape: Mistral 7B,
/// Yi, SmolLM2. Pre-norm blocks, rotary positions, grouped queries, gated feed-forward, no biases in Meta's own weights (others
/// have them: a product takes its bias where the file has one). Small sizes tie the head to the embedding.
/// </summary>
/// <remarks>
/// Its GGUF stores q and k with rows reordered so that pairs are adjacent. Llama 3.1 stretches its context by a divisor for each
/// frequency: the tensor rope_freqs.
/// </remarks>
public sealed class Llama : Decoder
{
    public static readonly Architecture Architecture = new("llama")
    {
        Maker = "Meta",
        Load = (config, weights) => new Llama(config, weights, RopeLayer.Adjacent(config, weights.VectorOrEmpty("rope_freqs", config.RopeDims / 2))),
    };

    readonly RopeLayer rope;
    readonly EmbeddingLayer embedding;
    readonly Block[] blocks;
    readonly RmsNormLayer norm;
    readonly Linear head;

    /// <param name="rope">How positions turn q and k: the one thing in which many families of this shape differ.</param>
    internal Llama(ModelConfig c, Weights w, RopeLayer rope)
    {
        this.rope = rope;
        KvShape = new(c.Layers, c.KvHeads, c.HeadDim);
        embedding = w.Embedding("token_embd", c.VocabularySize, c.Hidden);
        blocks = w.Layers(c.Layers, (layer, weights) => new Block(layer, c, weights, rope));
        norm = w.RmsNorm("output_norm", c.Hidden, c.NormEpsilon);
        head = w.LinearOr("output", c.Hidden, c.VocabularySize, tied: embedding);
    }

    public override KvShape KvShape { get; }

    public override Tensor Forward(Batch batch)
    {
        var x = embedding.Rows(batch);                                       // [tokens, hidden]
        rope.Prepare(batch);
        foreach (var block in blocks)
        {
            using var layer = batch.Compute.Scope();                         // what a layer makes ends with it; x is added to in place
            block.Forward(x, batch);
        }

        return head.Forward(norm.Forward(batch.RowsToSample(x)));            // [sampled, vocabulary]
    }

    sealed class Block(int layer, ModelConfig c, Weights w, RopeLayer rope)
    {
        readonly AttentionShape heads = new(c.Heads, c.KvHeads, c.HeadDim);
        readonly RmsNormLayer before = w.RmsNorm("attn_norm", c.Hidden, c.NormEpsilon);
        readonly Linear qkv = w.Fused(c.Hidden, ("attn_q", c.Heads * c.HeadDim), ("attn_k", c.KvHeads * c.HeadDim), ("attn_v", c.KvHeads * c.HeadDim));
        readonly Linear output = w.Linear("attn_output", c.Heads * c.HeadDim, c.Hidden);
        readonly RmsNormLayer between = w.RmsNorm("ffn_norm", c.Hidden, c.NormEpsilon);
        readonly SwiGluLayer mlp = w.SwiGlu("ffn_gate", "ffn_up", "ffn_down", c.Hidden, c.FeedForward);

        public void Forward(Tensor x, Batch batch)
        {
            var (q, k, v) = qkv.Forward(before.Forward(x)).Split(heads);     // [tokens, heads | kvHeads | kvHeads, headDim]
            x += output.Forward(batch.Attend(layer, rope.Apply(q, batch), rope.Apply(k, batch), v, heads));
            x += mlp.Forward(between.Forward(x));
        }
    }
}
