using Homegrown.Engine.Folders;
using Homegrown.Engine.Layers;

namespace Homegrown.Engine.Models;

/// <summary>
/// BERT (Google, 2018, arXiv 1810.04805 §3) and XLM-RoBERTa (Facebook, 2019, arXiv 1911.02116): norms after the residual, learned positions,
/// biases everywhere, a GELU without gate. MiniLM, BGE, E5 and their rerankers are BERTs; BGE-M3 and its reranker are XLM-RoBERTas.
/// </summary>
/// <remarks>
/// RoBERTa counts positions from its padding token's id + 1: GGUF files leave the rows before out, and so does the map. A cross-encoder's
/// head is <c>cls</c> (a dense layer with tanh, BERT's pooler) and <c>cls.output</c>.
/// </remarks>
public static class Bert
{
    internal static NameMap Names { get; } = NameMap.Of(
        ("token_embd", "model.embeddings.word_embeddings"),
        ("position_embd", "model.embeddings.position_embeddings"),
        ("token_types", "model.embeddings.token_type_embeddings"),
        ("token_embd_norm", "model.embeddings.LayerNorm"),
        ("blk.{l}.attn_q", "model.encoder.layer.{l}.attention.self.query"),
        ("blk.{l}.attn_k", "model.encoder.layer.{l}.attention.self.key"),
        ("blk.{l}.attn_v", "model.encoder.layer.{l}.attention.self.value"),
        ("blk.{l}.attn_output", "model.encoder.layer.{l}.attention.output.dense"),
        ("blk.{l}.attn_output_norm", "model.encoder.layer.{l}.attention.output.LayerNorm"),
        ("blk.{l}.ffn_up", "model.encoder.layer.{l}.intermediate.dense"),
        ("blk.{l}.ffn_down", "model.encoder.layer.{l}.output.dense"),
        ("blk.{l}.layer_output_norm", "model.encoder.layer.{l}.output.LayerNorm"),
        ("cls", "model.pooler.dense"),
        ("cls.output", "classifier"));

    public static readonly Architecture Architecture = new("bert")
    {
        Maker = "Google",
        Models = "BERT and XLM-RoBERTa: MiniLM, BGE, E5, BGE-M3, and their rerankers",
        Defaults = EncoderMaps.Defaults,
        Folders =
        [
            new("bert") { Keys = EncoderMaps.Keys, Names = Names, Idle = EncoderMaps.Idle },
            new("xlm-roberta", "roberta")
            {
                Keys = EncoderMaps.Keys.With(EncoderMaps.PaddedPositions),
                Names = Names.With(
                    ("position_embd", EncoderMaps.AfterPadding("model.embeddings.position_embeddings")),
                    ("cls", "classifier.dense"),
                    ("cls.output", "classifier.out_proj"),
                    ("pooler", "model.pooler.dense")),
                Idle = EncoderMaps.Idle,
            },
        ],
        Load = (c, w) =>
        {
            if (c.Metadata.Text("position_embedding_type") is { } kind and not "absolute")
                throw c.Metadata.Error("position_embedding_type", $"'{kind}' is not supported (absolute is)");
            return new Encoder(c, w, [], (_, w) => PostNorm(c, w, null, w.Plain(c, c.Activation)));
        },
    };

    /// <param name="rope">Null where positions are learned.</param>
    /// <param name="distances">Biases of scores by distance, where a family has them.</param>
    internal static PostNormBlock PostNorm(ModelConfig c, Weights w, RopeLayer? rope, IFeedForward feedForward, float[]? distances = null) => new(
        new SelfAttention(0, w, c.Hidden, c.Shape) { Rope = rope, Options = new() { BothSides = true, Distances = distances } },
        w.LayerNorm("attn_output_norm", c),
        feedForward,
        w.LayerNorm("layer_output_norm", c));
}
