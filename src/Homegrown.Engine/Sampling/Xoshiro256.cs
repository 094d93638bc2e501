using System.Numerics;

namespace Homegrown.Engine.Sampling;

/// <summary>
/// xoshiro256** (Blackman and Vigna, "Scrambled linear pseudorandom number generators", ACM TOMS 2021), its state filled from the
/// seed by SplitMix64 as its authors advise. Integers only: equal seeds give equal numbers on every machine and every version.
/// </summary>
public sealed class Xoshiro256
{
    ulong s0, s1, s2, s3;

    /// <summary>Starts from any seed; all are good, zero too.</summary>
    public Xoshiro256(ulong seed) => (s0, s1, s2, s3) = (SplitMix(ref seed), SplitMix(ref seed), SplitMix(ref seed), SplitMix(ref seed));

    /// <summary>A uniform number of [0, 1): a multiple of 2^-53, which float64 holds exactly.</summary>
    public double NextDouble() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>64 random bits.</summary>
    public ulong Next()
    {
        var result = unchecked(BitOperations.RotateLeft(s1 * 5, 7) * 9);
        var t = s1 << 17;
        s2 ^= s0;
        s3 ^= s1;
        s1 ^= s2;
        s0 ^= s3;
        s2 ^= t;
        s3 = BitOperations.RotateLeft(s3, 45);
        return result;
    }

    static ulong SplitMix(ref ulong state)
    {
        unchecked
        {
            state += 0x9E3779B97F4A7C15;
            var z = state;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }
}
