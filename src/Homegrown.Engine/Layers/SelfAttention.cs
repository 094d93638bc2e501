using Homegrown.Engine.Models;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Layers;

/// <summary>What mixes tokens of a sequence: attention of some kind, or a recurrence.</summary>
public interface IMixer
{
    /// <summary>[tokens, hidden] to the same.</summary>
    Tensor Forward(Tensor x, Batch batch);
}

/// <summary>
/// Attention with grouped queries (Ainslie et al. 2023, arXiv 2305.13245), from a norm to the residual stream. Families differ by
/// what is set here.
/// </summary>
public sealed class SelfAttention : IMixer
{
    readonly int entry;
    readonly AttentionShape heads;
    readonly Linear qkv, output;

    /// <summary>Takes attn_q, attn_k and attn_v, or attn_qkv, and attn_output. Without attn_v the keys, as projected, are the values.</summary>
    /// <param name="entry">Of the cache: the layer, where all layers keep alike.</param>
    /// <param name="queries">Those rows of attn_q that are queries; null for all.</param>
    public SelfAttention(int entry, Weights w, int hidden, AttentionShape heads, RowsOf? queries = null)
    {
        (this.entry, this.heads) = (entry, heads);
        var (q, k, v) = (heads.Heads * heads.KeyDim, heads.KvHeads * heads.KeyDim, heads.KvHeads * heads.ValueDim);
        qkv = w.Has("attn_qkv") ? w.Linear("attn_qkv", hidden, q + k + v)
            : w.Has("attn_v") || k != v ? w.Fused(hidden, new ProductPart("attn_q", q, queries), ("attn_k", k), ("attn_v", v))
            : w.Fused(hidden, new ProductPart("attn_q", q, queries), ("attn_k", k));
        output = w.Linear("attn_output", heads.Heads * heads.ValueDim, hidden);
    }

    /// <summary>Turns q and k; null where positions are not told.</summary>
    public RopeLayer? Rope { get; init; }

    /// <summary>On q and k: each head by itself, or all heads at once, as wide as the norm is.</summary>
    public (INorm Query, INorm Key)? Norms { get; init; }

    /// <summary>On v, each head by itself; null where there is none.</summary>
    public INorm? ValueNorm { get; init; }

    /// <summary>The norms come after the rotation (Hunyuan).</summary>
    public bool NormsTurned { get; init; }

    /// <summary>Raises queries of late positions; null where none is.</summary>
    public QueryTemperature? Temperature { get; init; }

    /// <summary>Window, scale, sinks: what the softmax sees besides.</summary>
    public AttentionOptions Options { get; init; } = AttentionOptions.None;

    /// <summary>Multiplies each head's output by a sigmoid of a product of the input, [heads] or [heads * valueDim]; null where there is none.</summary>
    public Linear? Gate { get; init; }

    /// <summary>Chooses positions (MiniMax-M3, Qwen4-Exp); null for all.</summary>
    public IKeyChooser? Indexer { get; init; }

    /// <summary>Multiplies the values (MiMo-V2), or their weighted sums, which is the same.</summary>
    public float ValueScale { get; init; } = 1;

    public Tensor Forward(Tensor x, Batch batch)
    {
        var (q, k, v) = qkv.Forward(x).Split(heads);                         // [tokens, heads * keyDim | kvHeads * keyDim | kvHeads * valueDim]
        if (ValueNorm is { } norm) v = norm.Forward(v);
        if (!NormsTurned) (q, k) = Normed(q, k);
        if (Rope is { } rope) (q, k) = (rope.Apply(q, batch), rope.Apply(k, batch));
        if (NormsTurned) (q, k) = Normed(q, k);
        Temperature?.Apply(q, batch);
        var y = Scale.Forward(batch.Attend(entry, q, k, v, heads, Options, Indexer?.Choose(x, x, batch)), ValueScale);    // writes k and v into the pages, then attends
        if (Gate is { } gate) Multiply.Forward(y, Activate.Forward(gate.Forward(x), Activation.Sigmoid));
        return output.Forward(y);
    }

    (Tensor Q, Tensor K) Normed(Tensor q, Tensor k) => Norms is { } norms ? (norms.Query.Forward(q), norms.Key.Forward(k)) : (q, k);
}
