namespace Homegrown.Engine.Sampling.Steps;

/// <summary>Divides the logits; at 0 or less only the largest logit stays, the lowest id of equals.</summary>
public sealed class Temperature(double temperature) : SamplerStep
{
    /// <inheritdoc/>
    public override void Apply(Candidates candidates) => Apply(candidates, temperature);

    internal static void Apply(Candidates candidates, double temperature)
    {
        if (temperature > 0) candidates.Divide(temperature);
        else candidates.KeepBest(1);
    }
}
