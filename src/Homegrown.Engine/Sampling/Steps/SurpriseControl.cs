namespace Homegrown.Engine.Sampling.Steps;

/// <summary>The feedback of both mirostats: mu, in bits, starts at 2 tau and loses eta times what a drawn token's surprise is above tau.</summary>
sealed class SurpriseControl(double tau, double eta)
{
    Candidates? drawnFrom;

    public double Mu { get; private set; } = 2 * tau;

    /// <summary>The candidates as the next token will be drawn from them.</summary>
    public void DrawFrom(Candidates candidates) => drawnFrom = candidates;

    /// <summary>Moves mu; a token that was not drawn from the candidates (the prompt's, a forced one) does not.</summary>
    public void Accept(int token)
    {
        if (drawnFrom?.IndexOf(token) is >= 0 and var index)
            Mu -= eta * (((drawnFrom.LogSum() - drawnFrom.Logits[index]) / Math.Log(2)) - tau);
        drawnFrom = null;
    }
}
