namespace Homegrown.Engine.Sampling.Steps;

/// <summary>
/// Exclude top choices: of the tokens with a probability from the threshold up, all but the least probable go, at most once per
/// token with the given probability (p-e-w 2024, as llama.cpp has it). Nothing happens where fewer than two reach the threshold.
/// </summary>
/// <param name="probability">How often it acts at all.</param>
/// <param name="threshold">Above 0.5 it is off: two tokens cannot both reach it.</param>
/// <param name="minKeep">It does nothing where fewer would be left.</param>
/// <param name="seed">Of its own draws, so that the chain's draw keeps its one number per token.</param>
public sealed class Xtc(double probability, double threshold, int minKeep = 1, ulong seed = 0) : SamplerStep
{
    readonly Xoshiro256 random = new(seed);

    /// <inheritdoc/>
    public override void Apply(Candidates candidates)
    {
        if (random.NextDouble() >= probability || threshold > 0.5 || candidates.Count < 2) return;
        var logSum = candidates.LogSum();
        var reaching = 0;
        while (reaching < candidates.Count && Math.Exp(candidates.Best(reaching) - logSum) >= threshold) reaching++;
        if (reaching >= 2 && candidates.Count - (reaching - 1) >= minKeep) candidates.RemoveBest(reaching - 1);
    }
}
