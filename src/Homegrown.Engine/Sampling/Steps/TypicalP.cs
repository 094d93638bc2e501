namespace Homegrown.Engine.Sampling.Steps;

/// <summary>
/// Locally typical sampling (Meister et al. 2022, arXiv 2202.00666): tokens whose surprise is nearest to the entropy first, up to
/// and with the one at which the sum of probabilities exceeds p. 1 or more keeps all.
/// </summary>
/// <param name="p">The probability to keep.</param>
/// <param name="minKeep">The least number that stays.</param>
public sealed class TypicalP(double p, int minKeep = 1) : SamplerStep
{
    double[] typicality = [];
    int[] order = [];

    /// <inheritdoc/>
    public override void Apply(Candidates candidates)
    {
        if (p >= 1) return;
        var count = candidates.Count;
        if (order.Length < count) (typicality, order) = (new double[candidates.VocabularySize], new int[candidates.VocabularySize]);
        var logits = candidates.Logits;
        var logSum = candidates.LogSum();
        var entropy = candidates.Entropy(logSum);
        for (var i = 0; i < count; i++) (typicality[i], order[i]) = (-Math.Abs(logSum - logits[i] - entropy), i);

        var (kept, sorted, sum) = (0, 0, 0.0);
        do
        {
            PartialSort.Reach(typicality.AsSpan(0, count), order.AsSpan(0, count), ref sorted, kept);
            sum += Math.Exp(logits[order[kept++]] - logSum);
        }
        while (kept < count && (sum <= p || kept < minKeep));
        candidates.KeepAt(order.AsSpan(0, kept));
    }
}
