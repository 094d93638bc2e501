namespace Homegrown.Engine.Sampling.Steps;

/// <summary>Keeps tokens of probability epsilon or more, and the best (Hewitt et al. 2022, arXiv 2210.15191). 0 or less keeps all.</summary>
public sealed class EpsilonCutoff(double epsilon) : SamplerStep
{
    /// <inheritdoc/>
    public override void Apply(Candidates candidates)
    {
        if (epsilon > 0) candidates.KeepFrom(candidates.LogSum() + Math.Log(epsilon));
    }
}
