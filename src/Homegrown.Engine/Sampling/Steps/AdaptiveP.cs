namespace Homegrown.Engine.Sampling.Steps;

/// <summary>
/// Adaptive-p (MrJackSpade 2025, as llama.cpp has it): bends the distribution so that the probabilities of the drawn tokens, under
/// the distribution as it came, average to a target. Must be the last step.
/// </summary>
/// <param name="target">Probability to aim at, 0 to 1.</param>
/// <param name="decay">How slowly earlier draws are forgotten, 0 to 0.99.</param>
public sealed class AdaptiveP(double target, double decay) : SamplerStep
{
    const double LargestDecay = 0.99, Peak = 5, Sharpness = 10, Width = 0.3;

    readonly double decay = Math.Clamp(decay, 0, LargestDecay);
    Candidates? drawnFrom;
    double[] original = []; // probabilities as they came, by index

    /// <summary>Decayed sum of the drawn tokens' probabilities; it starts as if all draws before had met the target.</summary>
    public double WeightedSum { get; private set; } = target / (1 - Math.Clamp(decay, 0, LargestDecay));

    /// <summary>Decayed number of draws.</summary>
    public double TotalWeight { get; private set; } = 1 / (1 - Math.Clamp(decay, 0, LargestDecay));

    /// <inheritdoc/>
    public override bool MustBeLast => true;

    /// <inheritdoc/>
    public override void Apply(Candidates candidates)
    {
        if (original.Length < candidates.Count) original = new double[candidates.VocabularySize];
        var aim = Math.Clamp((2 * target) - (WeightedSum / TotalWeight), 0, 1);
        LogSumExp.Exp(candidates.Logits, candidates.LogSum(), original);
        for (var i = 0; i < candidates.Count; i++)
        {
            var distance = Math.Abs(original[i] - aim) / Width;
            candidates.Set(i, Peak - (Sharpness * distance * distance / (1 + distance)));
        }
        drawnFrom = candidates;
    }

    /// <inheritdoc/>
    public override void Accept(int token, bool generated)
    {
        if (drawnFrom?.IndexOf(token) is >= 0 and var index)
            (WeightedSum, TotalWeight) = (original[index] + (decay * WeightedSum), 1 + (decay * TotalWeight));
        drawnFrom = null;
    }
}
