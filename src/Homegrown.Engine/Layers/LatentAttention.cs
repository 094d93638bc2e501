using Homegrown.Engine.Cache;
using Homegrown.Engine.Models;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Layers;

/// <summary>Chooses the positions that each row attends to: an indexer.</summary>
public interface IKeyChooser
{
    /// <param name="x">The attention's input, [tokens, hidden].</param>
    /// <param name="queries">The latent of the queries after its norm, [tokens, queryRank]; x where queries have none.</param>
    /// <returns>Null where a row attends to all that it may see.</returns>
    KeyChoice? Choose(Tensor x, Tensor queries, Batch batch);
}

/// <summary>
/// Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434 §2.1). A position keeps one latent, from which keys and values of all
/// heads follow by a matrix each, and a short key that turns and that heads share. It runs in the absorbed form: q·(K c) is (Kᵀq)·c, so
/// queries are brought into the latent space, attend there to one head of keys whose first numbers are its values, and what they
/// gather becomes values after the sum.
/// </summary>
public sealed class LatentAttention : IMixer
{
    readonly LatentShape shape;
    readonly AttentionShape absorbed;
    readonly int entry, asked;
    readonly Linear down, output;
    readonly Linear? queryUp;
    readonly RmsNormLayer? queryNorm;
    readonly RmsNormLayer latentNorm;
    readonly RmsNormLayer? turnedNorm;
    readonly HeadLinear? intoLatent;
    readonly HeadLinear outOfLatent;
    readonly AttentionOptions options;

    /// <summary>Takes attn_q, or attn_q_a, attn_q_a_norm and attn_q_b; attn_kv_a_mqa, attn_kv_a_norm, attn_kv_b or attn_k_b and attn_v_b; attn_output; attn_k_norm, of the key that turns, if it is there.</summary>
    /// <param name="kept">Where the layer adds its entry.</param>
    public LatentAttention(Weights w, int hidden, LatentShape shape, KvShape kept)
    {
        this.shape = shape;
        absorbed = new(shape.Heads, 1, shape.LatentDim + shape.TurnedDim, shape.LatentDim);
        entry = kept.Add(KvEntry.Latent(absorbed.KeyDim, absorbed.ValueDim));
        options = new() { Scale = shape.Scale };

        var queries = shape.Heads * shape.KeyDim;
        asked = shape.QueryRank > 0 ? shape.QueryRank : queries;
        down = w.Fused(hidden, (shape.QueryRank > 0 ? "attn_q_a" : "attn_q", asked), ("attn_kv_a_mqa", absorbed.KeyDim));
        latentNorm = w.RmsNorm("attn_kv_a_norm", shape.LatentDim, shape.NormEpsilon);
        if (w.Has("attn_k_norm")) turnedNorm = w.RmsNorm("attn_k_norm", shape.TurnedDim, shape.NormEpsilon);
        if (shape.QueryRank > 0)
        {
            queryNorm = w.RmsNorm("attn_q_a_norm", shape.QueryRank, shape.NormEpsilon);
            queryUp = w.Linear("attn_q_b", shape.QueryRank, queries);
        }

        (intoLatent, outOfLatent) = w.LatentHeads(shape);
        output = w.Linear("attn_output", shape.Heads * shape.ValueDim, hidden);
    }

    /// <summary>Turns the shared key and its part of the queries: made for heads of TurnedDim. Null where positions are not told (Kimi Linear).</summary>
    public RopeLayer? Rope { get; init; }

    /// <summary>Raises queries of late positions (Mistral 4); null where none is.</summary>
    public QueryTemperature? Temperature { get; init; }

    /// <summary>Chooses positions (DeepSeek-V3.2); null for all.</summary>
    public IKeyChooser? Indexer { get; init; }

    /// <summary>Multiplies the values by a sigmoid of a product of the input, [heads] or [heads * valueDim]; null where there is none.</summary>
    public Linear? Gate { get; init; }

    /// <summary>Window, sinks: what the softmax sees besides. Its scale is the shape's unless given.</summary>
    public AttentionOptions Options
    {
        get => options;
        init => options = value with { Scale = value.Scale ?? shape.Scale };
    }

    public Tensor Forward(Tensor x, Batch batch)
    {
        var lower = down.Forward(x);                                         // [tokens, queryRank | latentDim | turnedDim]
        var queries = queryNorm is null ? x : queryNorm.Forward(lower.Slice(0, asked));
        var q = Absorbed(queryUp is null ? lower.Slice(0, asked) : queryUp.Forward(queries), batch);
        var choice = Indexer?.Choose(x, queries, batch);
        var y = outOfLatent.Forward(batch.Attend(entry, q, Kept(lower.Slice(asked, absorbed.KeyDim), batch), default, absorbed, options, choice));
        if (Gate is { } gate) Multiply.Forward(y, Activate.Forward(gate.Forward(x), Activation.Sigmoid));
        return output.Forward(y);
    }

    /// <summary>[tokens, latentDim | turnedDim]: what a position keeps, in place.</summary>
    Tensor Kept(Tensor kv, Batch batch)
    {
        var (latent, turned) = (kv.Slice(0, shape.LatentDim), kv.Slice(shape.LatentDim, shape.TurnedDim));
        Heads.Copy(latentNorm.Forward(latent), latent, 1);
        if (turnedNorm is not null) Heads.Copy(turnedNorm.Forward(turned), turned, 1);
        Rope?.Apply(turned, batch);
        return kv;
    }

    /// <summary>Queries, [tokens, heads * (plainDim | turnedDim)], in the latent space: [tokens, heads * (latentDim | turnedDim)].</summary>
    Tensor Absorbed(Tensor q, Batch batch)
    {
        var turned = q.Compute.Rent(q.Rows, shape.Heads * shape.TurnedDim);
        Heads.Copy(q, turned, shape.Heads, from: shape.PlainDim);
        Rope?.Apply(turned, batch);

        var y = q.Compute.Rent(q.Rows, shape.Heads * absorbed.KeyDim);
        if (intoLatent is null) Heads.Clear(y, shape.Heads, shape.LatentDim);
        else intoLatent.Forward(q, y);
        Heads.Copy(turned, y, shape.Heads, to: shape.LatentDim);
        Temperature?.Apply(y, batch);
        return y;
    }
}
