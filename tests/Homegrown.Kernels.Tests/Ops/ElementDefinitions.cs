using Homegrown.Kernels.Ops;

namespace Homegrown.Kernels.Tests.Ops;

/// <summary>The operations that treat numbers one by one, and the layer norm, as formulas.</summary>
static unsafe partial class OpDefinitions
{
    // GeluTanhHalf aside: where its rounding ties, double and float go different ways.
    static readonly Activation[] Kinds = [.. Enum.GetValues<Activation>().Where(kind => kind != Activation.GeluTanhHalf)];

    static double Of(Activation activation, double x) => activation switch
    {
        Activation.Silu => x / (1 + Math.Exp(-x)),
        Activation.Gelu => 0.5 * x * (1 + Erf(x / Math.Sqrt(2))),
        Activation.GeluTanh => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)))),
        Activation.Relu => Math.Max(x, 0),
        Activation.ReluSquared => Math.Max(x, 0) * Math.Max(x, 0),
        Activation.Sigmoid => 1 / (1 + Math.Exp(-x)),
        Activation.Tanh => Math.Tanh(x),
        Activation.Softplus => x > 40 ? x : Math.Log(1 + Math.Exp(x)),
        _ => throw new ArgumentOutOfRangeException(nameof(activation)),
    };

    /// <summary>2 / sqrt(π) times the integral of exp(-t²) from 0 to x, by Simpson's rule.</summary>
    static double Erf(double x)
    {
        if (double.IsNaN(x) || Math.Abs(x) > 6) return double.IsNaN(x) ? x : Math.Sign(x);
        const int Steps = 400;
        var (sum, h) = (0.0, x / Steps);
        for (var i = 0; i < Steps; i++) sum += Math.Exp(-(i * h) * (i * h)) + (4 * Math.Exp(-((i + 0.5) * h) * ((i + 0.5) * h))) + Math.Exp(-((i + 1) * h) * ((i + 1) * h));
        return 2 / Math.Sqrt(Math.PI) * sum * h / 6;
    }

    /// <summary>Each row by another activation.</summary>
    static OpRun OfActivate(Compute compute, int length, int rows, Func<Random, float> value)
    {
        using var x = new Matrix2(compute, Kinds.Length, length, value, 1);
        var expected = x.Map((row, _, old) => Of(Kinds[row], old));
        var allocated = Allocated(() =>
        {
            for (var row = 0; row < Kinds.Length; row++) Activate.Forward(x.Row(row), Kinds[row]);
        });
        return new(x.Current(), expected, allocated);
    }

    static OpRun OfXielu(Compute compute, int length, int rows, Func<Random, float> value)
    {
        const double Rise = 0.75f, Fall = 1.25f, Beta = 0.5f, Epsilon = -1e-6f;
        using var x = new Matrix2(compute, rows, length, value, 1);
        var expected = x.Map((_, _, old) => (Beta * old) + (old > 0 ? Rise * old * old : Fall * (Math.Exp(Math.Min(old, Epsilon)) - 1 - old)));
        var allocated = Allocated(() => Xielu.Forward(x.Tensor, (float)Rise, (float)Fall, (float)Beta, (float)Epsilon));
        return new(x.Current(), expected, allocated);
    }

    /// <summary>Two streams to three, added to what is there.</summary>
    static OpRun OfMixStreams(Compute compute, int length, int rows, Func<Random, float> value)
    {
        using var x = new Matrix2(compute, rows, 2 * length, value, 1);
        using var y = new Matrix2(compute, rows, 3 * length, value, 2);
        using var weights = new Matrix2(compute, rows, 6, value, 3);
        var expected = y.Map((row, i, old) => 2 * Enumerable.Range(0, 2).Sum(source => weights[row, (source * 3) + (i / length)] * x[row, (source * length) + (i % length)]) + old);
        var allocated = Allocated(() =>
        {
            MixStreams.Add(y.Tensor, x.Tensor, weights.Tensor, 2);
            Add.Forward(y.Tensor, MixStreams.Forward(x.Tensor, weights.Tensor, 2));
        });
        return new(y.Current(), expected, allocated);
    }

    /// <summary>gpt-oss' gate: both sides cut, a steeper sigmoid, one added.</summary>
    static OpRun OfGated(Compute compute, int length, int rows, Func<Random, float> value)
    {
        const double Alpha = 1.702f, Limit = 1.5;
        using var x = new Matrix2(compute, rows, 2 * length, value, 1);
        var expected = new double[rows * length];
        for (var i = 0; i < expected.Length; i++)
        {
            var (gate, up) = (Math.Min(x[i / length, i % length], Limit), Math.Clamp(x[i / length, length + (i % length)], -Limit, Limit));
            expected[i] = gate / (1 + Math.Exp(-Alpha * gate)) * (up + 1);
        }

        var oss = new Gate(Activation.Silu) { Alpha = (float)Alpha, Limit = (float)Limit, Shift = 1 };
        return Rented(() => Gated.Forward(x.Tensor, oss), expected);
    }

    static OpRun OfScale(Compute compute, int length, int rows, Func<Random, float> value)
    {
        using var y = new Matrix2(compute, rows, length, value, 1);
        using var x = new Matrix2(compute, rows, length, value, 2);
        var expected = y.Map((row, i, old) => (old * 3 * 0.5) + (x[row, i] * -2));
        var allocated = Allocated(() => Scale.Add(Scale.Forward(y.Tensor, 3), x.Tensor, -2, kept: 0.5f));
        return new(y.Current(), expected, allocated);
    }

    /// <summary>By a number for each, by one for each of two groups, and by one for each column.</summary>
    static OpRun OfMultiply(Compute compute, int length, int rows, Func<Random, float> value)
    {
        using var y = new Matrix2(compute, rows, 2 * length, value, 1);
        using var x = new Matrix2(compute, rows, 2 * length, value, 2);
        using var groups = new Matrix2(compute, rows, 2, value, 3);
        using var columns = new Matrix2(compute, 1, 2 * length, value, 4);
        if (length == 0) return new([], [], 0);
        var expected = y.Map((row, i, old) => (float)((float)(old * x[row, i]) * groups[row, i / length]) * columns[0, i]);
        var allocated = Allocated(() => Multiply.Columns(Multiply.Forward(Multiply.Forward(y.Tensor, x.Tensor), groups.Tensor), columns.Tensor.Row(0)));
        return new(y.Current(), expected, allocated);
    }

    static OpRun OfLayerNorm(Compute compute, int length, int rows, Func<Random, float> value)
    {
        const double Epsilon = 1e-5f;
        using var x = new Matrix2(compute, rows, 2 * length, value, 1);   // two heads
        using var weight = new Matrix2(compute, 1, length, value, 2);
        using var bias = new Matrix2(compute, 1, length, value, 3);
        var expected = x.Map((row, i, old) =>
        {
            var head = Enumerable.Range(i / length * length, length).Select(j => x[row, j]).ToArray();
            var mean = head.Average();
            return ((old - mean) / Math.Sqrt(head.Average(one => (one - mean) * (one - mean)) + Epsilon) * weight[0, i % length]) + bias[0, i % length];
        });
        return Rented(() => LayerNorm.Forward(x.Tensor, weight.Tensor.Row(0), bias.Tensor.Row(0), (float)Epsilon), expected);
    }
}
