using Homegrown.Kernels.Memory;

namespace Homegrown.Kernels.Ops;

/// <summary>Heads of an attention: queries in <paramref name="Heads"/>, keys and values shared by Heads / KvHeads of them.</summary>
public readonly record struct AttentionShape(int Heads, int KvHeads, int HeadDim);

/// <summary>Causal attention of ragged rows over paged keys and values (grouped queries: Ainslie et al. 2023, arXiv 2305.13245).</summary>
public static class Attention
{
    /// <summary>
    /// Writes k and v, [rows, kvHeads * headDim], into the pages of their sequences, then attends: row t sees all positions of its
    /// sequence up to its own. Returns [rows, heads * headDim].
    /// </summary>
    /// <param name="scale">Of the scores before softmax, usually 1 / sqrt(headDim).</param>
    public static Tensor Forward(Tensor q, Tensor k, Tensor v, KvPages pages, RaggedRows rows, AttentionShape shape, float scale)
        => throw new NotImplementedException();
}
