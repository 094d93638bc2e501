namespace Homegrown.Engine.Sampling.Steps;

/// <summary>
/// Bans every token that would complete an n-gram that the sequence already holds, the prompt included (Paulus et al. 2017,
/// arXiv 1705.04304, section 2.5). 0 or less is off.
/// </summary>
public sealed class NoRepeatNgram(int size) : SamplerStep
{
    readonly TokenHistory history = new(int.MaxValue);

    /// <inheritdoc/>
    public override void Accept(int token, bool generated) => history.Add(token);

    /// <inheritdoc/>
    public override void Apply(Candidates candidates)
    {
        if (size <= 0) return;
        for (var back = 1; back <= history.Count - size + 1; back++)
            if (EndsAsAt(back) && candidates.IndexOf(history[back - 1]) is >= 0 and var index) candidates.Set(index, double.NegativeInfinity);
        candidates.RemoveBanned();
    }

    // The size - 1 tokens that end `back` places before the newest are also the newest.
    bool EndsAsAt(int back)
    {
        for (var i = 0; i < size - 1; i++)
            if (history[back + i] != history[i]) return false;
        return true;
    }
}
