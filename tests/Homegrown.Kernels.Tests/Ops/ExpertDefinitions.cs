using Homegrown.Kernels.Ops;

namespace Homegrown.Kernels.Tests.Ops;

/// <summary>What mixtures of experts are made of.</summary>
static unsafe partial class OpDefinitions
{
    /// <summary>Three matrices, of which the second has no rows and the third all but two.</summary>
    static OpRun OfGroupedMatMul(Compute compute, int length, int rows, Func<Random, float> value)
    {
        if (length == 0) return new([], [], 0);
        const int Outputs = 5;
        using var x = new Matrix2(compute, rows, length, value, 1);
        using var a = new Matrix2(compute, Outputs, length, value, 2);
        using var b = new Matrix2(compute, Outputs, length, value, 3);
        using var c = new Matrix2(compute, Outputs, length, value, 4);
        int[] ends = [2, 2, 2 * rows], chosen = [.. Enumerable.Range(0, 2 * rows).Select(i => i * 7 % rows)];
        var expected = new double[2 * rows * Outputs];
        for (var i = 0; i < expected.Length; i++)
        {
            var (row, w, output) = (chosen[i / Outputs], i / Outputs < 2 ? a : c, i % Outputs);
            expected[i] = Enumerable.Range(0, length).Sum(column => x[row, column] * w[output, column]);
        }

        var group = new MatrixGroup(new Matrix(a.Weight), new Matrix(b.Weight), new Matrix(c.Weight));
        return Rented(() => GroupedMatMul.Forward(x.Tensor, chosen, group, ends), expected);
    }

    /// <summary>Two rows for each token.</summary>
    static OpRun OfWeightedSum(Compute compute, int length, int rows, Func<Random, float> value)
    {
        using var x = new Matrix2(compute, rows, length, value, 1);
        int[] places = [.. Enumerable.Range(0, 2 * rows).Select(i => i * 5 % rows)];
        float[] weights = [.. Enumerable.Range(0, 2 * rows).Select(i => 1f / (i + 1))];
        var expected = x.Map((row, column, _) => (weights[2 * row] * x[places[2 * row], column]) + (weights[(2 * row) + 1] * x[places[(2 * row) + 1], column]));
        return Rented(() => WeightedSum.Forward(x.Tensor, rows, 2, places, weights), expected);
    }
}
