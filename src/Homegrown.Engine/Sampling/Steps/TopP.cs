namespace Homegrown.Engine.Sampling.Steps;

/// <summary>
/// Nucleus sampling (Holtzman et al. 2020, arXiv 1904.09751): the best first, up to and with the one at which the sum of
/// probabilities reaches p. 1 or more keeps all.
/// </summary>
/// <param name="p">The probability to keep.</param>
/// <param name="minKeep">The least number that stays.</param>
public sealed class TopP(double p, int minKeep = 1) : SamplerStep
{
    /// <inheritdoc/>
    public override void Apply(Candidates candidates)
    {
        if (p >= 1) return;
        var logSum = candidates.LogSum();
        var (kept, sum) = (0, 0.0);
        do sum += Math.Exp(candidates.Best(kept++) - logSum);
        while (kept < candidates.Count && (sum < p || kept < minKeep));
        candidates.KeepBest(kept);
    }
}
