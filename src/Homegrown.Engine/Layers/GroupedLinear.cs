using Homegrown.Kernels;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Layers;

/// <summary>Products of one shape, of which each takes rows of its own: those of all experts.</summary>
/// <remarks>ends: for each product, one past the last of its rows, which are sorted by product.</remarks>
sealed class GroupedLinear(IReadOnlyList<Linear> products)
{
    readonly MatrixGroup group = new([.. products.Select(product => product.Weight)]);
    readonly float[]?[] biases = [.. products.Select(product => product.Bias)];

    /// <summary>Of rows of x, some of them several times: [tokens, inputs] to [ends[^1], outputs].</summary>
    public Tensor Forward(Tensor x, int[] rows, int[] ends) => Biased(GroupedMatMul.Forward(x, rows, group, ends), ends);

    /// <summary>[ends[^1], inputs] to [ends[^1], outputs].</summary>
    public Tensor Forward(Tensor x, int[] ends) => Biased(GroupedMatMul.Forward(x, group, ends), ends);

    /// <summary>[ends[^1], 2 * inputs], gate first, to [ends[^1], outputs]; the gate is spent.</summary>
    public Tensor Forward(Tensor gateUp, Gate gate, int[] ends) => Biased(GroupedMatMul.Forward(gateUp, gate, group, ends), ends);

    Tensor Biased(Tensor y, int[] ends)
    {
        for (int i = 0, first = 0; i < ends.Length; first = ends[i++])
            if (biases[i] is { } bias && ends[i] > first) Add.Bias(y.SliceRows(first, ends[i] - first), bias);
        return y;
    }
}
