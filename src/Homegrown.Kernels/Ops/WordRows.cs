using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Homegrown.Kernels.Ops;

/// <summary>The rows of attention's products as integers (<see cref="Words"/>): queries, and weights of positions. For AVX-512.</summary>
static unsafe class WordRows
{
    const float Log2E = 1.44269504f;

    const MethodImplOptions Hot = MethodImplOptions.AggressiveOptimization;

    static int Lanes => Vector512<float>.Count;

    /// <summary>Numbers of a query as integers in their order; they may lie where the numbers lie. Returns the scale: what 1 stands for.</summary>
    [MethodImpl(Hot)]
    public static float Query(float* numbers, int count, short* to)
    {
        var (largest, sum) = (0f, 0f);
        for (var i = 0; i < count; i++) (largest, sum) = (MathF.Max(largest, MathF.Abs(numbers[i])), sum + MathF.Abs(numbers[i]));
        var inverse = Words.LargestSum / MathF.Max(sum, MathF.Max(Words.LargestSum / Words.Largest * largest, Words.Smallest));
        for (var i = 0; i < count; i++) to[i] = (short)MathF.Round(numbers[i] * inverse);
        return 1 / inverse;
    }

    /// <summary>
    /// Scores become weights, e to the score less the <paramref name="largest"/>, then integers of weight times value scale, in the first
    /// half of their own memory: in each 32 of them, [16, 2] of numbers i and i + 16. Returns what 1 stands for, and the sum of the weights.
    /// </summary>
    /// <param name="scores">[<paramref name="count"/>].</param>
    /// <param name="valueScales">What 1 stands for in each position's value.</param>
    /// <param name="start">The first that has a weight, in whole vectors: those before are zeros.</param>
    /// <param name="stop">One after the last.</param>
    [MethodImpl(Hot)]
    public static (float Scale, float Sum) Weights(float* scores, float* valueScales, int count, int start, int stop, float largest)
    {
        // 2 to the t = 2 to the n times a polynomial in r, |r| <= 1/2: Taylor's, 3e-6 off at most.
        var (log2, offset) = (Vector512.Create(Log2E), Vector512.Create(-largest * Log2E));
        var (sums, scaledSums) = (Vector512<float>.Zero, Vector512<float>.Zero);
        for (var i = start; i < stop; i += Lanes)
        {
            var t = Vector512.FusedMultiplyAdd(Vector512.Load(scores + i), log2, offset);
            var n = Avx512F.RoundScale(t, 0);
            var r = t - n;
            var p = Vector512.FusedMultiplyAdd(r, Vector512.Create(1.3333558e-3f), Vector512.Create(9.6181291e-3f));
            p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(5.5504109e-2f));
            p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(2.4022651e-1f));
            p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(6.9314718e-1f));
            p = Avx512F.Scale(Vector512.FusedMultiplyAdd(p, r, Vector512<float>.One), n);
            sums += p;
            p *= Vector512.Load(valueScales + i);
            p.Store(scores + i);
            scaledSums += p;
        }

        // Half of what a sum may be, since one of them may be all of it.
        var inverse = Words.LargestSum / 2 / MathF.Max(Vector512.Sum(scaledSums), Words.Smallest);
        var factor = Vector512.Create(inverse);
        for (var i = 0; i < count; i += 2 * Lanes)
        {
            var (even, odd) = (Weight(i), Weight(i + Lanes));
            (even | (odd << 16)).Store((int*)(scores + (i / 2)));
        }

        return (1 / inverse, Vector512.Sum(sums));

        Vector512<int> Weight(int i)
            => i >= start && i < stop ? Avx512F.ConvertToVector512Int32(Vector512.Load(scores + i) * factor) : Vector512<int>.Zero;
    }
}
