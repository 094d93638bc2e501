using Homegrown.Engine.Cache;
using Homegrown.Engine.Layers;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Models;

/// <summary>What decoders have around their blocks: the token table, a last norm, the head.</summary>
public sealed class Transformer : Decoder, IEncoder
{
    readonly RopeLayer[] ropes;
    readonly EmbeddingLayer embedding;
    readonly IBlock[] blocks;
    readonly INorm norm;
    readonly Linear head;

    /// <param name="ropes">The rotations of all layers.</param>
    /// <param name="block">Builds a layer from the tensors under blk.{layer}.</param>
    /// <param name="norm">The last norm, where it is no RMS norm, or first brings streams together.</param>
    /// <param name="cache">What the layers keep, where it is not keys and values of the same heads; blocks add to it as they are built.</param>
    public Transformer(ModelConfig c, Weights w, RopeLayer[] ropes, Func<int, Weights, IBlock> block, INorm? norm = null, KvShape? cache = null)
    {
        this.ropes = ropes;
        KvShape = cache ?? new(c.Shapes);
        Width = c.Hidden;
        embedding = w.Embedding("token_embd", c.VocabularySize, c.Hidden);
        blocks = w.Layers(c.Layers, block);
        this.norm = norm ?? w.RmsNorm("output_norm", c.Hidden, c.NormEpsilon);
        head = w.LinearOr("output", c.Hidden, c.VocabularySize, tied: embedding);
    }

    public override KvShape KvShape { get; }

    /// <inheritdoc/>
    public int Width { get; }

    /// <summary>Makes what layers share in a step from what enters the first of them, [tokens, hidden]; null where there is nothing.</summary>
    public Action<Tensor, Batch>? Begin { get; init; }

    /// <summary>Residual streams that begin as the token's row, side by side; the last norm brings them together (hyper-connections).</summary>
    public int Streams { get; init; } = 1;

    /// <summary>Multiplies the token's row (Gemma: the root of hidden).</summary>
    public float EmbeddingScale { get; init; } = 1;

    /// <summary>Multiplies the logits.</summary>
    public float LogitScale { get; init; } = 1;

    /// <summary>Logits x become cap * tanh(x / cap) (Gemma 2, arXiv 2408.00118 §2); null where they stay.</summary>
    public float? LogitCap { get; init; }

    /// <summary>Multiplies each logit by its own number (Baichuan 2), [vocabulary]; empty where it does not.</summary>
    public float[] LogitScales { get; init; } = [];

    /// <inheritdoc/>
    public Tensor Encode(Batch batch)
    {
        var x = Widened(Scale.Forward(embedding.Rows(batch), EmbeddingScale));     // [tokens, streams * hidden]
        foreach (var rope in ropes) rope.Prepare(batch);
        Begin?.Invoke(x, batch);
        foreach (var block in blocks)
        {
            using var layer = batch.Compute.Scope();                         // what a layer makes ends with it; x is added to in place
            block.Forward(x, batch);
        }

        return norm.Forward(batch.RowsToSample(x));
    }

    public override Tensor Forward(Batch batch)
    {
        var logits = Scale.Forward(head.Forward(Encode(batch)), LogitScale);
        if (LogitScales.Length > 0) Multiply.Columns(logits, LogitScales);
        return LogitCap is { } cap ? Scale.Forward(Activate.Forward(Scale.Forward(logits, 1 / cap), Activation.Tanh), cap) : logits;   // [sampled, vocabulary]
    }

    public override int Variant(int length) => ropes.Aggregate(0, (number, rope) => HashCode.Combine(number, rope.Variant(length)));

    public override bool ReadsAgain(int length)
    {
        foreach (var rope in ropes)
            if (rope.TurnsOtherwiseFrom(length)) return true;
        return false;
    }

    Tensor Widened(Tensor x)
    {
        if (Streams == 1) return x;
        var y = x.Compute.Rent(x.Rows, Streams * x.Columns);
        for (var row = 0; row < x.Rows; row++)
            for (var stream = 0; stream < Streams; stream++) x.Row(row).CopyTo(y.Row(row)[(stream * x.Columns)..]);
        return y;
    }
}
