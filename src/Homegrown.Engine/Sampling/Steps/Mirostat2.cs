namespace Homegrown.Engine.Sampling.Steps;

/// <summary>
/// Mirostat 2 (Basu et al. 2021, arXiv 2007.14966, as its authors' code simplifies it): keeps the tokens of at most mu bits of
/// surprise, at least the best, and moves mu so that the drawn ones come to tau. Must be the last step.
/// </summary>
/// <param name="tau">Target surprise, bits.</param>
/// <param name="eta">Learning rate.</param>
public sealed class Mirostat2(double tau, double eta) : SamplerStep
{
    readonly SurpriseControl control = new(tau, eta);

    /// <summary>The most surprise that the next token may have, bits.</summary>
    public double Mu => control.Mu;

    /// <inheritdoc/>
    public override bool MustBeLast => true;

    /// <inheritdoc/>
    public override void Apply(Candidates candidates)
    {
        candidates.KeepFrom(candidates.LogSum() - (Mu * Math.Log(2)));
        control.DrawFrom(candidates);
    }

    /// <inheritdoc/>
    public override void Accept(int token, bool generated) => control.Accept(token);
}
