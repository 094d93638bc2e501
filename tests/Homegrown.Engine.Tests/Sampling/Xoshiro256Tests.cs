using Homegrown.Engine.Sampling;

namespace Homegrown.Engine.Tests.Sampling;

public class Xoshiro256Tests
{
    // From a second implementation of the published definition, over arbitrary-precision integers.
    [Theory]
    [InlineData(0x0UL, 0x99EC5F36CB75F2B4UL, 0xBF6E1F784956452AUL, 0x1A5F849D4933E6E0UL)]
    [InlineData(0x2AUL, 0x15780B2E0C2EC716UL, 0x6104D9866D113A7EUL, 0xAE17533239E499A1UL)]
    [InlineData(0xFFFFFFFFFFFFFFFFUL, 0x8F5520D52A7EAD08UL, 0xC476A018CAA1802DUL, 0x81DE31C0D260469EUL)]
    public void A_seed_gives_the_published_sequence(ulong seed, ulong first, ulong second, ulong third)
    {
        var random = new Xoshiro256(seed);
        Assert.Equal([first, second, third], new[] { random.Next(), random.Next(), random.Next() });
    }

    [Fact]
    public void Doubles_lie_in_the_unit_interval_and_average_to_its_middle()
    {
        var random = new Xoshiro256(7);
        var numbers = Enumerable.Range(0, 10_000).Select(_ => random.NextDouble()).ToArray();
        Assert.All(numbers, x => Assert.True(x is >= 0 and < 1));
        Assert.Equal(0.5, numbers.Average(), 0.01);
    }
}
