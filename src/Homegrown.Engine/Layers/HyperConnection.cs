using Homegrown.Kernels;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Layers;

/// <summary>How a model's hyper-connections weigh its streams.</summary>
/// <param name="Streams">Side by side in a row.</param>
/// <param name="NormEpsilon">Of the norm of a whole row, from which the weights come.</param>
/// <param name="Floor">Added to weights, and to the sums that divide.</param>
public sealed record HyperShape(int Streams, float NormEpsilon, float Floor)
{
    /// <summary>Rounds that make the mixing matrix doubly stochastic; 0 where streams do not mix (Hunyuan 4).</summary>
    public int Rounds { get; init; }

    /// <summary>The largest share of a block's output that a stream takes.</summary>
    public float Magnitude { get; init; } = 2;

    /// <summary>Added to these shares.</summary>
    public float WriteFloor { get; init; }

    /// <summary>Numbers that the weights of a token are made of: of reading, of writing, of mixing.</summary>
    public int Weights => Streams * (Rounds > 0 ? 2 + Streams : 2);
}

/// <summary>
/// Manifold-constrained hyper-connections (Xie et al. 2025, arXiv 2512.24880 §4; DeepSeek-V4). Of the normed row one small product makes
/// all weights of a token: sigmoids read the streams, twice sigmoids write to them, and the streams mix by a matrix whose rows and columns
/// sum to one (Sinkhorn and Knopp 1967), so that however deep the model nothing grows.
/// </summary>
/// <param name="product">From [streams * hidden] to [streams of reading | streams of writing | streams * streams of mixing, by source].</param>
/// <param name="scales">Of the three parts.</param>
/// <param name="bases">Added to them, as wide as they.</param>
public sealed class HyperConnection(Linear product, float[] scales, float[] bases, HyperShape shape) : IHyperConnection
{
    readonly int streams = shape.Streams;
    readonly StreamNorm norm = new(shape.NormEpsilon);

    public (Tensor Input, Tensor Weights) Read(Tensor x)
    {
        var all = product.Forward(norm.Forward(x));
        for (var row = 0; row < all.Rows; row++)
        {
            var values = all.Row(row);
            for (var i = 0; i < values.Length; i++) values[i] = (values[i] * scales[Math.Min(i / streams, 2)]) + bases[i];
            foreach (ref var value in values[..streams]) value = Sigmoid(value) + shape.Floor;
            foreach (ref var value in values[streams..(2 * streams)]) value = (shape.Magnitude * Sigmoid(value)) + shape.WriteFloor;
            if (shape.Rounds > 0) Balance(values[(2 * streams)..]);
        }

        return (MixStreams.Forward(x, all.Slice(0, streams), streams), all);
    }

    public void Write(Tensor x, Tensor output, Tensor weights)
    {
        var shares = weights.Slice(streams, streams);
        if (shape.Rounds == 0)
        {
            MixStreams.Add(x, output, shares, 1);
            return;
        }

        using var scope = x.Compute.Scope();
        var mixed = MixStreams.Forward(x, weights.Slice(2 * streams, streams * streams), streams);
        MixStreams.Add(mixed, output, shares, 1);
        Scale.Add(x, mixed, factor: 1, kept: 0);
    }

    /// <summary>A softmax of every row, then columns; after that rows and columns again: [streams of sources, streams of targets].</summary>
    void Balance(Span<float> matrix)
    {
        for (var source = 0; source < streams; source++)
        {
            var row = matrix.Slice(source * streams, streams);
            var (largest, sum) = (float.NegativeInfinity, 0f);
            foreach (var value in row) largest = Math.Max(largest, value);
            foreach (ref var value in row) sum += value = MathF.Exp(value - largest);
            foreach (ref var value in row) value = (value / sum) + shape.Floor;
        }

        Columns(matrix);
        for (var round = 1; round < shape.Rounds; round++)
        {
            for (var source = 0; source < streams; source++) Divide(matrix, source * streams, 1);
            Columns(matrix);
        }
    }

    void Columns(Span<float> matrix)
    {
        for (var target = 0; target < streams; target++) Divide(matrix, target, streams);
    }

    /// <summary>As many numbers as there are streams by their sum.</summary>
    void Divide(Span<float> matrix, int first, int step)
    {
        var sum = shape.Floor;
        for (var i = 0; i < streams; i++) sum += matrix[first + (i * step)];
        for (var i = 0; i < streams; i++) matrix[first + (i * step)] /= sum;
    }

    internal static float Sigmoid(float x) => 1 / (1 + MathF.Exp(-x));
}

/// <summary>The last norm of a model of several streams, on a mixture of them that is weighed as <see cref="HyperConnection"/> reads.</summary>
/// <param name="weights">From [streams * hidden] to [streams].</param>
public sealed class MixtureOfStreams(Linear weights, float scale, float[] bases, HyperShape shape, INorm norm) : INorm
{
    readonly StreamNorm rows = new(shape.NormEpsilon);

    /// <summary>[tokens, streams * hidden] to [tokens, hidden].</summary>
    public Tensor Forward(Tensor x)
    {
        var shares = weights.Forward(rows.Forward(x));
        for (var row = 0; row < x.Rows; row++)
            for (var i = 0; i < shape.Streams; i++) shares.Row(row)[i] = HyperConnection.Sigmoid((shares.Row(row)[i] * scale) + bases[i]) + shape.Floor;
        return norm.Forward(MixStreams.Forward(x, shares, shape.Streams));
    }
}

/// <summary>A root-mean-square norm of whole rows, all streams at once, without a gain.</summary>
sealed class StreamNorm(float epsilon)
{
    float[] ones = [];

    public Tensor Forward(Tensor x)
    {
        if (ones.Length != x.Columns) Array.Fill(ones = new float[x.Columns], 1);
        return RmsNorm.Forward(x, ones, epsilon);
    }
}
