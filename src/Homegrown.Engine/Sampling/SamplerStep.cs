namespace Homegrown.Engine.Sampling;

/// <summary>
/// One step of a <see cref="SamplerChain"/>: removes candidates or changes their logits. A step belongs to one sequence, because
/// it may remember what it has seen, and is used by one thread at a time.
/// </summary>
public abstract class SamplerStep
{
    /// <summary>The step steers by the probability of the drawn token, so no step may change the candidates after it.</summary>
    public virtual bool MustBeLast => false;

    /// <summary>Does the step's work on one logits row. At least one candidate comes in, and at least one must stay.</summary>
    public abstract void Apply(Candidates candidates);

    /// <summary>Takes note of a token that now belongs to the sequence.</summary>
    /// <param name="token">Its id.</param>
    /// <param name="generated">It was drawn; otherwise it is part of the prompt.</param>
    public virtual void Accept(int token, bool generated)
    {
    }
}
