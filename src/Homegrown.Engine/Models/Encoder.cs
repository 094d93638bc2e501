using Homegrown.Engine.Cache;
using Homegrown.Engine.Layers;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Models;

/// <summary>
/// What BERT and its successors have around their blocks: tables of tokens, of positions (learned ones, where they do not turn) and of
/// texts in a pair, a norm. Nothing is kept between steps, and layers take turns with the memory of one: texts are read whole.
/// </summary>
public sealed class Encoder : Model, IEncoder
{
    readonly RopeLayer[] ropes;
    readonly EmbeddingLayer tokens;
    readonly EmbeddingLayer? positions, types;
    readonly LayerNormLayer afterTables;
    readonly IBlock[] blocks;
    readonly LayerNormLayer? norm;

    /// <param name="ropes">The rotations of all layers; empty where positions are learned.</param>
    /// <param name="block">Builds a layer from the tensors under blk.{layer}; its attention keeps in entry 0.</param>
    public Encoder(ModelConfig c, Weights w, RopeLayer[] ropes, Func<int, Weights, IBlock> block)
    {
        this.ropes = ropes;
        KvShape = new(c.Shapes.Take(1));
        Width = c.Hidden;
        tokens = w.Embedding("token_embd", c.VocabularySize, c.Hidden);
        positions = Table("position_embd");
        types = Table("token_types");
        if (positions is null && ropes.Length == 0) throw c.Metadata.Error("position_embd", "the tensor is missing: positions are neither learned nor turned");
        afterTables = w.LayerNorm("token_embd_norm", c);
        blocks = w.Layers(c.Layers, block);
        norm = w.Has("output_norm") ? w.LayerNorm("output_norm", c) : null;

        EmbeddingLayer? Table(string name) => w.Has(name) ? w.Embedding(name, w.Rows(name), c.Hidden) : null;
    }

    public override KvShape KvShape { get; }

    /// <inheritdoc/>
    public int Width { get; }

    /// <inheritdoc/>
    public Tensor Encode(Batch batch)
    {
        var x = tokens.Rows(batch);                                          // [tokens, hidden]
        if (positions is not null) x += Embedding.Forward(batch.Compute, positions.Table, batch.Positions);
        if (types is not null) x += Embedding.Forward(batch.Compute, types.Table, batch.Types);
        x = afterTables.Forward(x);
        foreach (var rope in ropes) rope.Prepare(batch);
        foreach (var block in blocks)
        {
            using var layer = batch.Compute.Scope();
            block.Forward(x, batch);
        }

        x = batch.RowsToSample(x);
        return norm is null ? x : norm.Forward(x);
    }
}
