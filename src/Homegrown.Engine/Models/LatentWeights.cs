using Homegrown.Engine.Folders;
using Homegrown.Engine.Formats;
using Homegrown.Engine.Layers;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Models;

/// <summary>The products of a latent attention that each head has for itself, as GGUF has them: in two stacks, or older in one.</summary>
static class LatentWeights
{
    /// <summary>
    /// Queries into the latent space, [latentDim, plainDim] for each head, and values out of it, [valueDim, latentDim]: attn_k_b and
    /// attn_v_b; or attn_kv_b, [heads * (plainDim | valueDim), latentDim], whose keys are the other way round.
    /// </summary>
    /// <returns>The first is null where all of a head turns.</returns>
    public static (HeadLinear? IntoLatent, HeadLinear OutOfLatent) LatentHeads(this Weights w, LatentShape shape)
    {
        var (heads, latent, plain, value) = (shape.Heads, shape.LatentDim, shape.PlainDim, shape.ValueDim);
        if (w.Has("attn_k_b"))
        {
            var (keys, values) = (w.Tensor("attn_k_b", heads, latent, plain), w.Tensor("attn_v_b", heads, value, latent));
            return (Stack(keys.Slice), Stack(values.Slice));
        }

        var both = w.Tensor("attn_kv_b", heads * (plain + value), latent);
        return (plain == 0 ? null : Stack(head => both.Part(head * (plain + value), plain).Transposed()),
            Stack(head => both.Part((head * (plain + value)) + plain, value)));

        HeadLinear Stack(Func<int, ModelTensor> head) => new([.. Enumerable.Range(0, heads).Select(i => new Matrix(w.Matrix(head(i))))]);
    }
}
