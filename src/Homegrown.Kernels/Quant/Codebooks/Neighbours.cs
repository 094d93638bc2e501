using System.Collections.Immutable;
using System.Runtime.Intrinsics;

namespace Homegrown.Kernels.Quant.Codebooks;

/// <summary>Some points of a codebook, nearest first, laid out so that eight are compared at once.</summary>
sealed class Neighbours
{
    const int Lanes = 8;

    readonly ImmutableArray<ushort> points;
    readonly Vector256<float>[] positions;   // [points / 8, dimensions] of eight points: 2 * level + 1
    readonly int dimensions;

    internal Neighbours(Codebook book, ImmutableArray<ushort> points)
    {
        this.points = points;
        dimensions = book.Dimensions;
        positions = new Vector256<float>[(points.Length + Lanes - 1) / Lanes * dimensions];
        for (var i = 0; i < positions.Length * Lanes; i++)
        {
            var (vector, lane) = (i / Lanes, i % Lanes);
            // Lanes past the last point repeat it.
            var point = points[Math.Min((vector / dimensions * Lanes) + lane, points.Length - 1)];
            positions[vector] = positions[vector].WithElement(lane, book.Positions(point)[vector % dimensions]);
        }
    }

    /// <summary>
    /// The point with the smallest sum of weight * (scale * position - x)^2, the first of equals. The sums run in the order of the
    /// coordinates, as llama.cpp's do.
    /// </summary>
    /// <param name="gain">With <paramref name="offset"/>: positions are gain * (2 * level + 1) + offset.</param>
    internal int Best(ReadOnlySpan<float> x, ReadOnlySpan<float> weights, float scale, float gain = 1, float offset = 0)
    {
        var (best, bestAt) = (Vector256.Create(float.MaxValue), Vector256<int>.Zero);
        for (var at = 0; at < positions.Length; at += dimensions)
        {
            var sum = Vector256<float>.Zero;
            for (var i = 0; i < dimensions; i++)
            {
                var difference = (((positions[at + i] * gain) + Vector256.Create(offset)) * scale) - Vector256.Create(x[i]);
                sum += difference * weights[i] * difference;
            }

            var less = Vector256.LessThan(sum, best);
            best = Vector256.ConditionalSelect(less, sum, best);
            bestAt = Vector256.ConditionalSelect(less.AsInt32(), Vector256.Create(at / dimensions), bestAt);
        }

        var places = (bestAt * Lanes) + Vector256<int>.Indices;
        var first = Least(Vector256.ConditionalSelect(Vector256.Equals(best, Vector256.Create(Least(best))).AsInt32(), places, Vector256.Create(int.MaxValue)));
        return points[Math.Min(first, points.Length - 1)];
    }

    static T Least<T>(Vector256<T> values)
    {
        var four = Vector128.Min(values.GetLower(), values.GetUpper());
        var two = Vector128.Min(four, Vector128.Shuffle(four.AsInt32(), Vector128.Create(2, 3, 0, 1)).As<int, T>());
        return Vector128.Min(two, Vector128.Shuffle(two.AsInt32(), Vector128.Create(1, 0, 3, 2)).As<int, T>()).ToScalar();
    }
}
