using Homegrown.Engine.Formats;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Layers;

/// <summary>y = W x + b, or several such products of the same input computed as one (q, k, v; gate, up).</summary>
public sealed class Linear(Matrix weight, float[]? bias = null)
{
    /// <summary>[tokens, inputs] to [tokens, outputs]; fused outputs stand side by side in the order of their names.</summary>
    public Tensor Forward(Tensor x) => Biased(MatMul.Forward(x, weight));

    /// <summary>[tokens, 2 * inputs], gate first, to [tokens, outputs]; the gate is spent.</summary>
    public Tensor Forward(Tensor gateUp, Gate gate) => Biased(MatMul.Forward(gateUp, gate, weight));

    Tensor Biased(Tensor y)
    {
        if (bias is not null) Add.Bias(y, bias);
        return y;
    }
}

/// <summary>Token ids to rows of the residual stream.</summary>
public sealed class EmbeddingLayer(ModelTensor tensor, Weight table)
{
    /// <summary>The stored table.</summary>
    internal ModelTensor Tensor { get; } = tensor;

    /// <summary>[vocabulary, hidden]: a tied head is a product with it.</summary>
    public Weight Table { get; set; } = table;

    /// <summary>[tokens, hidden].</summary>
    public Tensor Rows(Batch batch) => Embedding.Forward(batch.Compute, Table, batch.Tokens);
}

/// <summary>The three ways in which a fused product is cut into queries, keys and values.</summary>
public static class AttentionSplit
{
    /// <summary>
    /// [tokens, heads * keyDim | kvHeads * keyDim | kvHeads * valueDim] to q, k and v: views. Without the last part, which is then as
    /// wide as the keys', k is v.
    /// </summary>
    public static (Tensor Q, Tensor K, Tensor V) Split(this Tensor qkv, AttentionShape shape)
    {
        var (q, k, v) = (shape.Heads * shape.KeyDim, shape.KvHeads * shape.KeyDim, shape.KvHeads * shape.ValueDim);
        return (qkv.Slice(0, q), qkv.Slice(q, k), qkv.Slice(qkv.Columns - v, v));
    }
}
