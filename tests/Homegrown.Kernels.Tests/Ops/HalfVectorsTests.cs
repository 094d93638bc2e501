using Homegrown.Kernels.Ops;

namespace Homegrown.Kernels.Tests.Ops;

public sealed unsafe class HalfVectorsTests
{
    [Fact]
    public void Every_half_its_neighbouring_floats_and_the_ties_between_halves_round_to_nearest_even()
    {
        var floats = new List<float>();
        for (var i = 0; i < 65536; i++)
        {
            var half = BitConverter.UInt16BitsToHalf((ushort)i);
            if (Half.IsNaN(half)) continue;
            var exact = (float)half;
            var tie = (exact + (float)(Half.IsInfinity(Half.BitIncrement(half)) ? Half.MaxValue : Half.BitIncrement(half))) / 2;
            floats.AddRange([exact, float.BitIncrement(exact), float.BitDecrement(exact), tie, float.BitIncrement(tie), float.BitDecrement(tie)]);
        }

        floats.AddRange([65504, 65519.99f, 65520, 65536, 1e6f, float.MaxValue, float.Epsilon, -float.Epsilon, 1e-40f, float.NegativeInfinity]);
        AssertRounds([.. floats]);
    }

    [Fact]
    public void Floats_of_all_exponents_round_as_the_scalar_conversion_does()
    {
        var random = new Random(1);
        var floats = new float[1 << 20];
        for (var i = 0; i < floats.Length; i++) floats[i] = BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue));
        AssertRounds(floats);
    }

    [Fact]
    public void Every_length_converts_all_its_values_and_no_more()
    {
        for (var length = 0; length < 70; length++)
        {
            var floats = Enumerable.Range(1, length).Select(i => i / 8f).ToArray();
            var halves = new Half[length + 1];
            halves[length] = (Half)(-1);
            fixed (float* from = floats)
            fixed (Half* to = halves) HalfVectors.ToHalf(from, to, length);
            Assert.Equal([.. floats.Select(x => (Half)x), (Half)(-1)], halves);
        }
    }

    static void AssertRounds(float[] floats)
    {
        var halves = new Half[floats.Length];
        fixed (float* from = floats)
        fixed (Half* to = halves) HalfVectors.ToHalf(from, to, floats.Length);
        for (var i = 0; i < floats.Length; i++)
        {
            var (expected, actual) = ((Half)floats[i], halves[i]);
            var equal = Half.IsNaN(expected)
                ? Half.IsNaN(actual) && Half.IsNegative(actual) == float.IsNegative(floats[i])
                : BitConverter.HalfToUInt16Bits(expected) == BitConverter.HalfToUInt16Bits(actual);
            Assert.True(equal, $"{floats[i]:r} becomes {actual}, not {expected}");
        }
    }
}
