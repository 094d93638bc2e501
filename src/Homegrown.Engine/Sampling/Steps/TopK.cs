namespace Homegrown.Engine.Sampling.Steps;

/// <summary>Keeps exactly the k best (Fan et al. 2018, arXiv 1805.04833); at the edge equal logits stay by lower id. 0 or less keeps all.</summary>
public sealed class TopK(int k) : SamplerStep
{
    /// <inheritdoc/>
    public override void Apply(Candidates candidates)
    {
        if (k > 0) candidates.KeepBest(k);
    }
}
