namespace Homegrown.Engine.Sampling.Steps;

/// <summary>Adds to the logits of single tokens; minus infinity bans. Tokens that are no longer candidates are left alone.</summary>
public sealed class LogitBias(IReadOnlyDictionary<int, float> bias) : SamplerStep
{
    readonly KeyValuePair<int, float>[] entries = [.. bias];

    /// <inheritdoc/>
    public override void Apply(Candidates candidates)
    {
        foreach (var (token, amount) in entries)
            if (candidates.IndexOf(token) is >= 0 and var index) candidates.Set(index, candidates.Logits[index] + amount);
        candidates.RemoveBanned();
    }
}
