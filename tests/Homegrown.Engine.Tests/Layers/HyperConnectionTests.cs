using Homegrown.Engine.Layers;
using Homegrown.Kernels;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Ops;
using Homegrown.Kernels.Quant;

namespace Homegrown.Engine.Tests.Layers;

/// <summary>Hyper-connections against their formulas in double.</summary>
public sealed class HyperConnectionTests : IDisposable
{
    const int Hidden = 19, Rows = 5;
    const double NormEpsilon = 1e-3f, Floor = 1e-6f;

    readonly Compute compute = new(new() { Threads = 1, Exact = true });
    readonly Random random = new(7);
    readonly List<IDisposable> owned = [];

    public void Dispose()
    {
        foreach (var one in owned) one.Dispose();
        compute.Dispose();
    }

    [Theory]
    [InlineData(2, 4)]
    [InlineData(4, 20)]
    [InlineData(3, 1)]
    public void Streams_are_read_written_and_mixed_by_a_doubly_stochastic_matrix(int streams, int rounds)
    {
        var shape = new HyperShape(streams, (float)NormEpsilon, (float)Floor) { Rounds = rounds };
        var (scales, bases) = (Random(3), Random(shape.Weights));
        var (layer, matrix) = (default(HyperConnection), Random(shape.Weights * streams * Hidden));
        layer = new(Product(matrix, shape.Weights, streams * Hidden), scales, bases, shape);
        var (x, output) = (Rent(Rows, streams * Hidden), Rent(Rows, Hidden));
        var before = Enumerable.Range(0, Rows).Select(row => x.Row(row).ToArray()).ToArray();

        var (input, weights) = layer.Read(x);
        layer.Write(x, output, weights);
        for (var row = 0; row < Rows; row++)
        {
            var values = Weights(before[row], matrix, shape.Weights).Select((value, i) => (value * scales[Math.Min(i / streams, 2)]) + bases[i]).ToArray();
            var comb = Balanced(values[(2 * streams)..], streams, rounds);
            for (var i = 0; i < Hidden; i++)
            {
                Assert.Equal(Enumerable.Range(0, streams).Sum(s => (Sigmoid(values[s]) + Floor) * before[row][(s * Hidden) + i]), input.Row(row)[i], 1e-5);
                for (var target = 0; target < streams; target++)
                {
                    var mixed = Enumerable.Range(0, streams).Sum(s => comb[(s * streams) + target] * before[row][(s * Hidden) + i]);
                    Assert.Equal(mixed + (2 * Sigmoid(values[streams + target]) * output.Row(row)[i]), x.Row(row)[(target * Hidden) + i], 1e-5);
                }
            }
        }
    }

    [Fact]
    public void Without_rounds_streams_keep_what_they_have_and_take_their_share()
    {
        var shape = new HyperShape(2, (float)NormEpsilon, (float)Floor) { Magnitude = 3, WriteFloor = 0.5f };
        var (scales, bases, matrix) = (Random(2), Random(4), Random(4 * 2 * Hidden));
        var (x, output) = (Rent(Rows, 2 * Hidden), Rent(Rows, Hidden));
        var before = x.Row(0).ToArray();

        var layer = new HyperConnection(Product(matrix, 4, 2 * Hidden), scales, bases, shape);
        layer.Write(x, output, layer.Read(x).Weights);
        var values = Weights(before, matrix, 4);
        for (var i = 0; i < 2 * Hidden; i++)
        {
            var share = (3 * Sigmoid((values[2 + (i / Hidden)] * scales[1]) + bases[2 + (i / Hidden)])) + 0.5;
            Assert.Equal(before[i] + (share * output.Row(0)[i % Hidden]), x.Row(0)[i], 1e-5);
        }
    }

    /// <summary>The product of the normed row.</summary>
    static double[] Weights(float[] row, float[] matrix, int count)
    {
        var root = Math.Sqrt((row.Sum(value => (double)value * value) / row.Length) + NormEpsilon);
        return [.. Enumerable.Range(0, count).Select(o => Enumerable.Range(0, row.Length).Sum(i => matrix[(o * row.Length) + i] * row[i] / root))];
    }

    static double[] Balanced(double[] m, int n, int rounds)
    {
        var exp = m.Select(Math.Exp).ToArray();
        m = [.. exp.Select((value, i) => (value / exp.Skip(i / n * n).Take(n).Sum()) + Floor)];
        m = Columns(m, n);
        for (var round = 1; round < rounds; round++)
        {
            var old = m;
            m = Columns([.. old.Select((value, i) => value / (old.Skip(i / n * n).Take(n).Sum() + Floor))], n);
        }

        return m;
    }

    static double[] Columns(double[] m, int n) => [.. m.Select((value, i) => value / (Enumerable.Range(0, n).Sum(row => m[(row * n) + (i % n)]) + Floor))];

    static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    Linear Product(float[] values, int rows, int columns)
    {
        var buffer = new WeightBuffer(TensorType.F32, rows, columns);
        owned.Add(buffer);
        for (var row = 0; row < rows; row++) System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan(row * columns, columns)).CopyTo(buffer.Row(row));
        return new(new Matrix(buffer.Weight));
    }

    Tensor Rent(int rows, int columns)
    {
        var x = compute.Rent(rows, columns);
        for (var row = 0; row < rows; row++) Random(columns).CopyTo(x.Row(row));
        return x;
    }

    float[] Random(int count) => [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 2) - 1)];
}
