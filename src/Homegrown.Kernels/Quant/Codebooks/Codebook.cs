using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Homegrown.Kernels.Quant.Codebooks;

/// <summary>
/// Some of the points with whole coordinates ("levels"): a stored index stands for the 8 or 4 values of one. Few points are kept, and
/// these at a distance from each other, so that an index takes fewer bits than the levels would.
/// </summary>
/// <remarks>
/// The points are those of llama.cpp's ggml-quants.c (MIT), where they were chosen on the weights of real models. The resource
/// points.bin holds them one book after the other, a 16-bit word each: level i at bit 2i (books of 8 levels of 0 to 2) or 3i (books of
/// 4 levels of 0 to 7), ascending.
/// </remarks>
sealed class Codebook
{
    internal static readonly Codebook Iq2Xxs = new(0, 256, 8, shells: 2);
    internal static readonly Codebook Iq2Xs = new(256, 512, 8, shells: 2);
    internal static readonly Codebook Iq2S = new(768, 1024, 8, shells: 1);
    internal static readonly Codebook Iq1 = new(1792, 2048, 8, shells: 3);
    internal static readonly Codebook Iq3Xxs = new(3840, 256, 4, shells: 2);
    internal static readonly Codebook Iq3S = new(4096, 512, 4, shells: 3);

    readonly ushort[] points;
    readonly float[] positions;         // [points, dimensions]: 2 * level + 1
    readonly short[] indices;           // of packed levels: the index of the point, or -1
    readonly Neighbours?[] neighbours;  // of packed levels that are no point, made when first asked for
    readonly int shells;

    /// <param name="shells">Distances to the nearest points that count as near.</param>
    Codebook(int first, int count, int dimensions, int shells)
    {
        this.shells = shells;
        Dimensions = dimensions;
        (Bits, Top) = dimensions == 8 ? (2, 2) : (3, 7);
        points = new ushort[count];
        using var resource = typeof(Codebook).Assembly.GetManifestResourceStream("Codebooks/points.bin")!;
        resource.Position = first * sizeof(ushort);
        resource.ReadExactly(MemoryMarshal.AsBytes(points.AsSpan()));

        indices = new short[1 << (Bits * dimensions)];
        neighbours = new Neighbours?[indices.Length];
        indices.AsSpan().Fill(-1);
        for (var i = 0; i < count; i++) indices[points[i]] = (short)i;
        positions = new float[count * dimensions];
        for (var i = 0; i < positions.Length; i++) positions[i] = (2 * Level(i / dimensions, i % dimensions)) + 1;
    }

    /// <summary>Values of a point.</summary>
    internal int Dimensions { get; }

    /// <summary>The largest level.</summary>
    internal int Top { get; }

    int Bits { get; }

    /// <summary>A coordinate of a point.</summary>
    internal int Level(int point, int i) => (points[point] >> (Bits * i)) & ((1 << Bits) - 1);

    /// <summary>The coordinates of a point as floats: 2 * level + 1.</summary>
    internal ReadOnlySpan<float> Positions(int point) => positions.AsSpan(point * Dimensions, Dimensions);

    /// <summary>The points as bytes, the value of each level in <paramref name="values"/>: what decoding looks up.</summary>
    internal T[] Decoded<T>(params ReadOnlySpan<sbyte> values)
        where T : unmanaged
    {
        var decoded = new T[points.Length];
        var bytes = MemoryMarshal.Cast<T, sbyte>(decoded.AsSpan());
        for (var i = 0; i < bytes.Length; i++) bytes[i] = values[Level(i / Dimensions, i % Dimensions)];
        return decoded;
    }

    /// <summary>The levels nearest to some values, packed, where level l is at 2l + 1 once multiplied by <paramref name="inverse"/>.</summary>
    internal int Round(ReadOnlySpan<float> x, float inverse)
    {
        // As LeastSquares.Nearest; the products bring the levels to their places.
        if (Dimensions == 8)
        {
            var nearest = ((((Vector256.Create(x) * inverse) - Vector256<float>.One) * 0.5f) + Vector256.Create(12582912f)).AsInt32();
            var levels = (nearest & Vector256.Create(0x7FFFFF)) - Vector256.Create(0x400000);
            return Vector256.Sum(Vector256.Clamp(levels, Vector256<int>.Zero, Vector256.Create(Top)) * Vector256.Create(1, 4, 16, 64, 256, 1024, 4096, 16384));
        }
        else
        {
            var nearest = ((((Vector128.Create(x) * inverse) - Vector128<float>.One) * 0.5f) + Vector128.Create(12582912f)).AsInt32();
            var levels = (nearest & Vector128.Create(0x7FFFFF)) - Vector128.Create(0x400000);
            return Vector128.Sum(Vector128.Clamp(levels, Vector128<int>.Zero, Vector128.Create(Top)) * Vector128.Create(1, 8, 64, 512));
        }
    }

    /// <summary>The packed form of some levels.</summary>
    internal int Pack(ReadOnlySpan<byte> levels)
    {
        var packed = 0;
        for (var i = 0; i < levels.Length; i++) packed |= levels[i] << (Bits * i);
        return packed;
    }

    /// <summary>The index of the point with these packed levels, or -1.</summary>
    internal int Find(int levels) => indices[levels];

    /// <summary>The points near packed levels.</summary>
    internal Neighbours Near(int levels) => neighbours[levels] ??= FindNear(levels);

    Neighbours FindNear(int levels)
    {
        Span<int> distances = stackalloc int[points.Length];
        for (var point = 0; point < distances.Length; point++)
        {
            for (var i = 0; i < Dimensions; i++)
            {
                var difference = Level(point, i) - ((levels >> (Bits * i)) & ((1 << Bits) - 1));
                distances[point] += difference * difference;
            }
        }

        var near = ImmutableArray.CreateBuilder<ushort>();
        for (var (shell, last) = (0, -1); shell < shells; shell++)
        {
            var next = int.MaxValue;
            foreach (var distance in distances)
                if (distance > last && distance < next) next = distance;
            for (var point = 0; point < distances.Length; point++)
                if (distances[point] == next) near.Add((ushort)point);
            last = next;
        }

        return new Neighbours(this, near.ToImmutable());
    }
}
