using Homegrown.Engine.Models;
using Homegrown.Engine.Scheduling;
using Homegrown.Kernels;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Layers;

/// <summary>
/// Attention to the keys and values that a layer before this one keeps (Brandon et al. 2024, arXiv 2405.12981; Gemma 3n and 4): it has
/// queries alone.
/// </summary>
/// <param name="entry">Of the cache: the other layer's.</param>
/// <param name="norm">Of each head of queries.</param>
public sealed class BorrowedAttention(int entry, Weights w, int hidden, AttentionShape heads, INorm norm, RopeLayer rope, AttentionOptions options) : IMixer
{
    readonly Linear queries = w.Linear("attn_q", hidden, heads.Heads * heads.KeyDim);
    readonly Linear output = w.Linear("attn_output", heads.Heads * heads.ValueDim, hidden);

    public Tensor Forward(Tensor x, Batch batch)
        => output.Forward(batch.Attend(entry, rope.Apply(norm.Forward(queries.Forward(x)), batch), heads, options));
}
