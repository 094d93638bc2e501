namespace Homegrown.Engine.Sampling.Steps;

/// <summary>
/// Keeps logits within n standard deviations of the best (Tang et al. 2024, arXiv 2411.07641). The deviation is the population's,
/// of the logits themselves. 0 or less keeps all.
/// </summary>
public sealed class TopNSigma(double n) : SamplerStep
{
    /// <inheritdoc/>
    public override void Apply(Candidates candidates)
    {
        if (n <= 0) return;
        var (mean, variance) = (0.0, 0.0);
        foreach (var logit in candidates.Logits) mean += logit / candidates.Count;
        foreach (var logit in candidates.Logits) variance += (logit - mean) * (logit - mean) / candidates.Count;
        candidates.KeepFrom(candidates.Max() - (n * Math.Sqrt(variance)));
    }
}
