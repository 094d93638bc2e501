using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Ops;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Tests.Ops;

/// <summary>Grouped products against single ones.</summary>
public sealed class GroupedMatMulTests
{
    const int Columns = 512, Inner = 256, Outputs = 80;

    static readonly int[] Tokens = [1, 0, 5, 33, 70, 0, 2];

    public static TheoryData<TensorType> Types => [TensorType.Q4_0, TensorType.Q4_K, TensorType.Q6_K, TensorType.Q8_0, TensorType.MXFP4, TensorType.F32, TensorType.F16, TensorType.BF16];

    [Theory]
    [MemberData(nameof(Types))]
    public void A_group_gives_what_its_matrices_give_one_by_one(TensorType type)
    {
        foreach (var options in Corpus.Kernels.Append(new() { Tier = Tier.Reference }).Append(new() { Exact = true })) Compare(options with { Threads = 2 }, type);
    }

    [Fact]
    public void A_group_of_different_shapes_is_refused()
    {
        using var buffer = Corpus.Encode(TensorType.Q8_0, Corpus.Values(4 * 64, 1), 64);
        var (four, two) = (new Matrix(buffer.Weight(TensorType.Q8_0, 4, 64)), new Matrix(buffer.Weight(TensorType.Q8_0, 2, 64)));
        Assert.Contains("[2, 64]", Assert.Throws<ArgumentException>(() => new MatrixGroup(four, two)).Message);
    }

    static void Compare(ComputeOptions options, TensorType type)
    {
        using var compute = new Compute(options);
        using var packing = new PackedWeights(compute);
        using var first = Corpus.Encode(type, Corpus.Values(Tokens.Length * 2 * Inner * Columns, 1), Columns);
        using var second = Corpus.Encode(type, Corpus.Values(Tokens.Length * Outputs * Inner, 2), Inner);
        var (ups, downs) = (Matrices(first, 2 * Inner, Columns), Matrices(second, Outputs, Inner));
        var ends = new int[Tokens.Length];
        for (int g = 0, sum = 0; g < ends.Length; g++) ends[g] = sum += Tokens[g];
        var x = Corpus.Rent(compute, Corpus.Values(50 * Columns, 3, outlier: 30), Columns);
        int[] rows = [.. Enumerable.Range(0, ends[^1]).Select(i => i * 7 % x.Rows)];
        var inner = GroupedMatMul.Forward(x, rows, new MatrixGroup(ups), ends);
        var copies = Enumerable.Range(0, inner.Rows).Select(row => inner.Row(row).ToArray()).ToArray();
        var y = GroupedMatMul.Forward(inner, Gate.Silu, new MatrixGroup(downs), ends);
        for (int g = 0, at = 0; g < ends.Length; at = ends[g++])
        {
            if (ends[g] == at) continue;
            var own = compute.Rent(ends[g] - at, Columns);
            for (var row = 0; row < own.Rows; row++) x.Row(rows[at + row]).CopyTo(own.Row(row));
            var ownInner = MatMul.Forward(own, ups[g]);
            for (var row = 0; row < own.Rows; row++) Assert.Equal(ownInner.Row(row).ToArray(), copies[at + row]);
            var ownY = MatMul.Forward(ownInner, Gate.Silu, downs[g]);
            for (var row = 0; row < own.Rows; row++) Assert.Equal(ownY.Row(row).ToArray(), y.Row(at + row).ToArray());
        }

        Matrix[] Matrices(NativeBuffer buffer, int outputs, int columns)
        {
            var all = buffer.Weight(type, Tokens.Length * outputs, columns);
            return [.. Enumerable.Range(0, Tokens.Length).Select(g => new Matrix(Packed(all.Slice(g * outputs, outputs))))];
        }

        Weight Packed(Weight w) => packing.Serves(w) ? packing.Pack(w) : w;
    }
}
