namespace Homegrown.Engine.Sampling.Steps;

/// <summary>
/// Bounded entropy (Baghaei Potraghloo et al. 2025, arXiv 2509.02510): of the 100 best, renormalised, the best first while their
/// share -p ln p of the entropy sums up to no more than h of the whole; the best always.
/// </summary>
public sealed class TopH(double h) : SamplerStep
{
    const int Considered = 100;

    /// <inheritdoc/>
    public override void Apply(Candidates candidates)
    {
        candidates.KeepBest(Considered);
        var logSum = candidates.LogSum();
        var bound = h * candidates.Entropy(logSum);
        var (kept, sum) = (0, 0.0);
        for (; kept < candidates.Count; kept++)
        {
            var logP = candidates.Best(kept) - logSum;
            sum -= Math.Exp(logP) * logP;
            if (sum > bound) break;
        }
        candidates.KeepBest(kept);
    }
}
