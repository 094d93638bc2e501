namespace Homegrown.Engine.Sampling.Steps;

/// <summary>
/// Nucleus sampling (Holtzman et al. 2020, arXiv 1904.09751): the best first, up to and with the one at which the sum of
/// probabilities reaches p. 1 or more keeps all.
/// </summary>
/// <param name="p">The probability to keep.</param>
/// <param name="minKeep">The least number that stays.</param>
public sealed class TopP(double p, int minKeep = 1) : SamplerStep
{
    double[] probabilities = [];

    /// <inheritdoc/>
    public override void Apply(Candidates candidates)
    {
        if (p >= 1) return;
        if (probabilities.Length < candidates.Count) probabilities = new double[candidates.VocabularySize];
        var logSum = candidates.LogSum();
        // n tokens that are each below (1 - p) / n hold less than 1 - p together, so none of them is needed: the bulk goes in one pass.
        candidates.KeepFrom(logSum + Math.Log((1 - p) / candidates.Count), minKeep);
        var kept = probabilities.AsSpan(0, candidates.Count);
        LogSumExp.Exp(candidates.Logits, logSum, kept);
        candidates.KeepMass(p, kept, minKeep);
    }
}
