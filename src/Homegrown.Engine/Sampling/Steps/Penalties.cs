using System.Runtime.InteropServices;

namespace Homegrown.Engine.Sampling.Steps;

/// <summary>
/// Makes tokens of the window less likely. A token that occurs c times: its logit is divided by the repeat penalty (multiplied,
/// where it is not above 0; Keskar et al. 2019, arXiv 1909.05858, section 4.1), then c frequency + presence is taken from it.
/// </summary>
/// <param name="repeat">1 is off.</param>
/// <param name="frequency">0 is off.</param>
/// <param name="presence">0 is off.</param>
/// <param name="lastN">Length of the window; 0 is off, <see cref="int.MaxValue"/> means all tokens.</param>
/// <param name="generatedOnly">Tokens of the prompt are not counted.</param>
public sealed class Penalties(double repeat, double frequency, double presence, int lastN, bool generatedOnly = false) : SamplerStep
{
    readonly TokenHistory window = new(lastN);
    readonly Dictionary<int, int> counts = [];

    /// <inheritdoc/>
    public override void Accept(int token, bool generated)
    {
        if (generatedOnly && !generated) return;
        CollectionsMarshal.GetValueRefOrAddDefault(counts, token, out _)++;
        if (window.Add(token) is >= 0 and var forgotten && --CollectionsMarshal.GetValueRefOrNullRef(counts, forgotten) == 0) counts.Remove(forgotten);
    }

    /// <inheritdoc/>
    public override void Apply(Candidates candidates)
    {
        foreach (var (token, count) in counts)
        {
            if (candidates.IndexOf(token) is not (>= 0 and var index)) continue;
            var logit = candidates.Logits[index];
            logit = logit > 0 ? logit / repeat : logit * repeat;
            candidates.Set(index, logit - (count * frequency) - presence);
        }
    }
}
