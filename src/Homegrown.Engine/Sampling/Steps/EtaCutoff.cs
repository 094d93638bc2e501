namespace Homegrown.Engine.Sampling.Steps;

/// <summary>
/// Keeps tokens of probability min(epsilon, sqrt(epsilon) e^-H) or more, H the entropy, and the best (Hewitt et al. 2022,
/// arXiv 2210.15191): the cutoff sinks where the distribution is flat. 0 or less keeps all.
/// </summary>
public sealed class EtaCutoff(double epsilon) : SamplerStep
{
    /// <inheritdoc/>
    public override void Apply(Candidates candidates)
    {
        if (epsilon <= 0) return;
        var logSum = candidates.LogSum();
        var eta = Math.Min(epsilon, Math.Sqrt(epsilon) * Math.Exp(-candidates.Entropy(logSum)));
        candidates.KeepFrom(logSum + Math.Log(eta));
    }
}
