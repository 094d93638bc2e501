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
            positions[vector] = positions[vector].WithElement(lane, (2 * book.Level(point, vector % dimensions)) + 1);
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

        var (smallest, first) = (float.PositiveInfinity, int.MaxValue);
        for (var lane = 0; lane < Lanes; lane++)
        {
            var place = (bestAt[lane] * Lanes) + lane;
            if (best[lane] < smallest || (best[lane] == smallest && place < first)) (smallest, first) = (best[lane], place);
        }

        return points[Math.Min(first, points.Length - 1)];
    }
}
