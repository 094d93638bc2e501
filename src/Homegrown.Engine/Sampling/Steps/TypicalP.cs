namespace Homegrown.Engine.Sampling.Steps;

/// <summary>
/// Locally typical sampling (Meister et al. 2022, arXiv 2202.00666): tokens whose surprise is nearest to the entropy first, up to
/// and with the one at which the sum of probabilities exceeds p. 1 or more keeps all.
/// </summary>
/// <param name="p">The probability to keep.</param>
/// <param name="minKeep">The least number that stays.</param>
public sealed class TypicalP(double p, int minKeep = 1) : SamplerStep
{
    double[] typicality = [], probabilities = [];
    int[] indices = [];

    /// <inheritdoc/>
    public override void Apply(Candidates candidates)
    {
        if (p >= 1) return;
        var count = candidates.Count;
        if (indices.Length < count)
        {
            var size = candidates.VocabularySize;
            (typicality, probabilities, indices) = (new double[size], new double[size], new int[size]);
        }
        var logits = candidates.Logits;
        var logSum = candidates.LogSum();
        var entropy = candidates.Entropy(logSum);
        LogSumExp.Exp(logits, logSum, probabilities);
        for (var i = 0; i < count; i++) (typicality[i], indices[i]) = (-Math.Abs(logSum - logits[i] - entropy), i);

        var keys = typicality.AsSpan(0, count);
        var kept = MassSelection.Reach(keys, indices.AsSpan(0, count), probabilities.AsSpan(0, count), Math.BitIncrement(p)); // beyond p
        if (kept < minKeep) PartialSort.BestFirst(keys, indices.AsSpan(0, count), kept = Math.Min(minKeep, count));
        candidates.KeepAt(indices.AsSpan(0, kept));
    }
}
