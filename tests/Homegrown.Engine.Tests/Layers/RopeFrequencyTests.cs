using Homegrown.Engine.Layers;
using Homegrown.Engine.Models;

namespace Homegrown.Engine.Tests.Layers;

/// <summary>Frequencies from the definitions; YaRN's and the divisors' effect on logits is in the architecture tests.</summary>
public sealed class RopeFrequencyTests
{
    [Fact]
    public void Plain_frequencies_fall_geometrically_from_one()
    {
        var (frequencies, magnitude) = RopeFrequencies.Of(new(8, 10000, RopeScaling.None), [], 0);
        Assert.Equal([1, 0.1, 0.01, 0.001], frequencies, (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Equal(1, magnitude);
    }

    [Fact]
    public void Divisors_slow_each_frequency_by_its_own()
    {
        var (frequencies, _) = RopeFrequencies.Of(new(4, 100, RopeScaling.None), [2, 5], 0);
        Assert.Equal([0.5, 0.02], frequencies, (a, b) => Math.Abs(a - b) < 1e-12);
    }

    [Fact]
    public void Linear_scaling_divides_all()
    {
        var (frequencies, magnitude) = RopeFrequencies.Of(new(4, 100, new(RopeScalingKind.Linear, 4, 100)), [], 0);
        Assert.Equal([0.25, 0.025], frequencies, (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Equal(1, magnitude);
    }

    [Fact]
    public void Yarn_keeps_fast_pairs_divides_slow_ones_and_raises_the_magnitude()
    {
        var plain = RopeFrequencies.Of(new(64, 10000, RopeScaling.None), [], 0).Frequencies;
        var (frequencies, magnitude) = RopeFrequencies.Of(new(64, 10000, new(RopeScalingKind.Yarn, 4, 4096)), [], 0);
        for (var i = 0; i < plain.Length; i++)
        {
            var turns = 4096 * plain[i] / (2 * Math.PI);
            if (turns > 40) Assert.Equal(plain[i], frequencies[i], 12);         // beyond BetaFast 32, a step of rounding aside
            else if (turns < 0.7) Assert.Equal(plain[i] / 4, frequencies[i], 12);
            else Assert.InRange(frequencies[i], plain[i] / 4, plain[i]);
        }

        Assert.Equal((0.1 * Math.Log(4)) + 1, magnitude, 1e-6);
    }

    [Fact]
    public void LongRope_divides_by_one_set_up_to_the_trained_length_and_by_another_beyond()
    {
        var rope = new RopeConfig(4, 100, new(RopeScalingKind.LongRope, 4, 32) { ShortFactors = [1, 2], LongFactors = [4, 8] });
        Assert.Equal([1, 0.05], RopeFrequencies.Of(rope, [], 32).Frequencies, (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Equal([0.25, 0.0125], RopeFrequencies.Of(rope, [], 33).Frequencies, (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Equal(Math.Sqrt(1 + (Math.Log(4) / Math.Log(32))), RopeFrequencies.Of(rope, [], 33).Magnitude, 1e-6);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(32, 1)]
    [InlineData(48, 2)]         // 2 * 48 / 32 - (2 - 1)
    [InlineData(64, 3)]
    public void A_dynamic_base_grows_with_the_sequence_beyond_the_trained_length(int length, double stretch)
    {
        var rope = new RopeConfig(8, 10000, new(RopeScalingKind.Dynamic, 2, 32));
        var theta = 10000 * Math.Pow(stretch, 8 / 6.0);
        Assert.Equal([1, Math.Pow(theta, -0.25), Math.Pow(theta, -0.5), Math.Pow(theta, -0.75)], RopeFrequencies.Of(rope, [], length).Frequencies, (a, b) => Math.Abs(a - b) < 1e-12);
    }
}
