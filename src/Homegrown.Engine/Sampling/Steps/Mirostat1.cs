namespace Homegrown.Engine.Sampling.Steps;

/// <summary>
/// Mirostat (Basu et al. 2021, arXiv 2007.14966, algorithm 1): steers the surprise of the drawn tokens to tau bits by a top-k that
/// follows from an estimate of the distribution's Zipf exponent. Must be the last step.
/// </summary>
/// <param name="tau">Target surprise, bits.</param>
/// <param name="eta">Learning rate.</param>
/// <param name="m">Tokens that the exponent is estimated from.</param>
public sealed class Mirostat1(double tau, double eta, int m) : SamplerStep
{
    readonly SurpriseControl control = new(tau, eta);

    /// <summary>The most surprise that the next token may have, bits.</summary>
    public double Mu => control.Mu;

    /// <inheritdoc/>
    public override bool MustBeLast => true;

    /// <inheritdoc/>
    public override void Apply(Candidates candidates)
    {
        var (tb, tt) = (0.0, 0.0);
        for (var i = 0; i < Math.Min(m, candidates.Count) - 1; i++)
        {
            var t = Math.Log((i + 2.0) / (i + 1.0));
            tb += t * (candidates.Best(i) - candidates.Best(i + 1)); // ln(p_i / p_(i+1))
            tt += t * t;
        }
        if (tt > 0) candidates.KeepBest(Kept(tb / tt, candidates.VocabularySize));
        control.DrawFrom(candidates);
    }

    /// <inheritdoc/>
    public override void Accept(int token, bool generated) => control.Accept(token);

    // Algorithm 1's k for the Zipf exponent s: the top-k whose expected surprise is mu.
    int Kept(double s, int vocabularySize)
    {
        var e = s - 1;
        var scale = e == 0 ? 1 / Math.Log(vocabularySize) : e / (1 - Math.Pow(vocabularySize, -e)); // at 0 the quotient's limit
        var k = Math.Pow(scale * Math.Pow(2, Mu), 1 / s);
        return k < int.MaxValue ? Math.Max((int)k, 1) : int.MaxValue;
    }
}
