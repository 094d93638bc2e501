using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Homegrown.Kernels.Memory;

namespace Homegrown.Kernels.Ops;

/// <summary>
/// Keys and values as integers (<see cref="Words"/>), from floats times <see cref="KvPanels.Unit"/>, [count, 32], to pairs of rows,
/// [count / 2, 32, 2]. A position has a scale of its own, so that what it becomes does not depend on the positions beside it. For AVX-512.
/// </summary>
static unsafe class WordPanels
{
    const MethodImplOptions Hot = MethodImplOptions.AggressiveOptimization;

    const int Side = KvPanels.Side;

    static int Lanes => Vector512<float>.Count;

    /// <summary>Keys: numbers d and d + 1 of 32 positions are a pair.</summary>
    /// <param name="count">Even.</param>
    /// <param name="unit">What a 1 reads as.</param>
    /// <param name="scales">What 1 stands for at each position, [32].</param>
    [MethodImpl(Hot)]
    public static void Keys(float* from, int count, float unit, short* to, float* scales)
    {
        var back = Vector512.Create(1 / unit);
        for (var lane = 0; lane < Side; lane += Lanes)
        {
            var largest = Vector512<float>.Zero;
            for (float* row = from + lane, end = row + (count * Side); row < end; row += Side)
                largest = Vector512.MaxNative(Vector512.Abs(Vector512.Load(row)), largest);
            largest = Vector512.MaxNative(largest * back, Vector512.Create(Words.Smallest));
            (largest * (1 / Words.Largest)).Store(scales + lane);
            var inverse = Vector512.Create(Words.Largest) / largest;
            var pair = (int*)to + lane;
            for (float* row = from + lane, end = row + (count * Side); row < end; row += 2 * Side, pair += Side)
                Pair(Vector512.Load(row) * back, inverse, Vector512.Load(row + Side) * back, inverse).Store(pair);
        }
    }

    /// <summary>Values: positions i and i + 16 of each 32 are a pair; whole squares are written, without meaning beyond <paramref name="count"/>.</summary>
    /// <param name="unit">What a 1 reads as.</param>
    /// <param name="scales">What 1 stands for at each position.</param>
    [MethodImpl(Hot)]
    public static void Values(float* from, int count, float unit, float* scales, short* to)
    {
        var (back, pair) = (Vector512.Create(1 / unit), 0);
        for (var row = 0; row < count; row += Side)
        {
            for (var i = row; i < row + Lanes; i++, pair++)
            {
                var (even, odd) = (Vector512.Create(1 / scales[i]), Vector512.Create(1 / scales[i + Lanes]));
                for (var lane = 0; lane < Side; lane += Lanes)
                {
                    var x = from + (i * Side) + lane;
                    Pair(Vector512.Load(x) * back, even, Vector512.Load(x + (Lanes * Side)) * back, odd).Store((int*)to + (pair * Side) + lane);
                }
            }
        }
    }

    /// <summary>The largest magnitude of each row's first <paramref name="columns"/>, where it is larger than what is there.</summary>
    [MethodImpl(Hot)]
    public static void Largest(float* from, int count, int columns, float* largest)
    {
        for (var row = 0; row < count; row++, from += Side)
        {
            var (vector, column) = (Vector512<float>.Zero, 0);
            for (; column <= columns - Lanes; column += Lanes) vector = Vector512.MaxNative(Vector512.Abs(Vector512.Load(from + column)), vector);
            var half = Vector256.MaxNative(vector.GetLower(), vector.GetUpper());
            var quarter = Vector128.MaxNative(half.GetLower(), half.GetUpper());
            quarter = Vector128.MaxNative(quarter, Vector128.Shuffle(quarter, Vector128.Create(2, 3, 0, 1)));
            quarter = Vector128.MaxNative(quarter, Vector128.Shuffle(quarter, Vector128.Create(1, 0, 3, 2)));
            largest[row] = MathF.Max(largest[row], quarter.ToScalar());
            for (; column < columns; column++) largest[row] = MathF.Max(largest[row], MathF.Abs(from[column]));
        }
    }

    /// <summary>
    /// Two numbers of each lane by their inverse scales. These cannot be brought together with the way back from a half's place in a float:
    /// the inverse of such a number may be beyond floats.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<int> Pair(Vector512<float> even, Vector512<float> evenInverse, Vector512<float> odd, Vector512<float> oddInverse)
        => (Avx512F.ConvertToVector512Int32(even * evenInverse) & Vector512.Create(0xFFFF)) | (Avx512F.ConvertToVector512Int32(odd * oddInverse) << 16);
}
