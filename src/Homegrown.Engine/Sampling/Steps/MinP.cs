namespace Homegrown.Engine.Sampling.Steps;

/// <summary>Keeps tokens at least p times as probable as the best (Nguyen et al. 2024, arXiv 2407.01082). 0 or less keeps all.</summary>
/// <param name="p">Share of the best token's probability.</param>
/// <param name="minKeep">The least number that stays.</param>
public sealed class MinP(double p, int minKeep = 1) : SamplerStep
{
    /// <inheritdoc/>
    public override void Apply(Candidates candidates)
    {
        if (p > 0) candidates.KeepFrom(candidates.Max() + Math.Log(p), minKeep);
    }
}
