using Homegrown.Engine.Cache;
using Homegrown.Engine.Layers;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;

namespace Homegrown.Engine.Models;

/// <summary>What decoders have around their blocks: the token table, a last norm, the head.</summary>
public sealed class Transformer : Decoder
{
    readonly IReadOnlyList<RopeLayer> ropes;
    readonly EmbeddingLayer embedding;
    readonly IBlock[] blocks;
    readonly INorm norm;
    readonly Linear head;

    /// <param name="ropes">The rotations of all layers.</param>
    /// <param name="block">Builds a layer from the tensors under blk.{layer}.</param>
    public Transformer(ModelConfig c, Weights w, IReadOnlyList<RopeLayer> ropes, Func<int, Weights, IBlock> block)
    {
        this.ropes = ropes;
        KvShape = new(c.Layers, c.KvHeads, c.HeadDim);
        embedding = w.Embedding("token_embd", c.VocabularySize, c.Hidden);
        blocks = w.Layers(c.Layers, block);
        norm = w.RmsNorm("output_norm", c.Hidden, c.NormEpsilon);
        head = w.LinearOr("output", c.Hidden, c.VocabularySize, tied: embedding);
    }

    public override KvShape KvShape { get; }

    public override Tensor Forward(Batch batch)
    {
        var x = embedding.Rows(batch);                                       // [tokens, hidden]
        foreach (var rope in ropes) rope.Prepare(batch);
        foreach (var block in blocks)
        {
            using var layer = batch.Compute.Scope();                         // what a layer makes ends with it; x is added to in place
            block.Forward(x, batch);
        }

        return head.Forward(norm.Forward(batch.RowsToSample(x)));            // [sampled, vocabulary]
    }
}
