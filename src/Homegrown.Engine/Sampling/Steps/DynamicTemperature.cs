namespace Homegrown.Engine.Sampling.Steps;

/// <summary>
/// A temperature that rises with the entropy (entropy-based dynamic temperature, as llama.cpp has it): low + (high - low)
/// (H / ln n)^exponent for n candidates, between temperature - range (not below 0) and temperature + range.
/// </summary>
/// <param name="temperature">Middle of the range; the plain temperature where the range is 0 or less.</param>
/// <param name="range">How far it goes to either side.</param>
/// <param name="exponent">Bends the curve; 1 is linear.</param>
public sealed class DynamicTemperature(double temperature, double range, double exponent = 1) : SamplerStep
{
    /// <inheritdoc/>
    public override void Apply(Candidates candidates)
    {
        if (range <= 0)
        {
            Temperature.Apply(candidates, temperature);
            return;
        }
        if (candidates.Count <= 1) return;
        var (low, high) = (Math.Max(0, temperature - range), temperature + range);
        var share = Math.Clamp(candidates.Entropy(candidates.LogSum()) / Math.Log(candidates.Count), 0, 1); // rounding may leave [0, 1]
        Temperature.Apply(candidates, low + ((high - low) * Math.Pow(share, exponent)));
    }
}
