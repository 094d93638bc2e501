using Homegrown.Kernels;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Layers;

/// <summary>A matrix for each head: what a head holds at its beginning goes through its own product.</summary>
/// <param name="heads">[outputs, inputs] each.</param>
public sealed class HeadLinear(IReadOnlyList<Matrix> heads)
{
    /// <summary>[tokens, heads * inputs] to [tokens, heads * outputs].</summary>
    public Tensor Forward(Tensor x)
    {
        var y = x.Compute.Rent(x.Rows, heads.Count * heads[0].Rows);
        Forward(x, y);
        return y;
    }

    /// <summary>The first inputs numbers of each head of x, into the first outputs numbers of each head of y; wider heads keep the rest.</summary>
    /// <param name="x">[tokens, heads * inputs or more].</param>
    /// <param name="y">[tokens, heads * outputs or more].</param>
    public void Forward(Tensor x, Tensor y)
    {
        var (from, to) = (x.Columns / heads.Count, y.Columns / heads.Count);
        for (var head = 0; head < heads.Count; head++)
        {
            using var scope = x.Compute.Scope();
            var product = MatMul.Forward(x.Slice(head * from, heads[head].Columns), heads[head]);
            Heads.Copy(product, y.Slice(head * to, product.Columns), 1);
        }
    }
}

/// <summary>Parts of heads from one tensor to another.</summary>
static class Heads
{
    /// <summary>Of each head of x, from a place in it, into each head of y, at a place in it: as much as both have there.</summary>
    public static void Copy(Tensor x, Tensor y, int heads, int from = 0, int to = 0)
    {
        var (width, room) = (x.Columns / heads, y.Columns / heads);
        var count = Math.Min(width - from, room - to);
        for (var token = 0; token < x.Rows; token++)
        {
            Span<float> source = x.Row(token), target = y.Row(token);
            for (var head = 0; head < heads; head++) source.Slice((head * width) + from, count).CopyTo(target[((head * room) + to)..]);
        }
    }

    /// <summary>The first numbers of each head become 0.</summary>
    public static void Clear(Tensor y, int heads, int count)
    {
        var width = y.Columns / heads;
        for (var token = 0; token < y.Rows; token++)
            for (var head = 0; head < heads; head++) y.Row(token).Slice(head * width, count).Clear();
    }
}
