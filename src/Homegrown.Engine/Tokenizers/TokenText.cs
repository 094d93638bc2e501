namespace Homegrown.Engine.Tokenizers;

/// <summary>The text of one sequence of tokens, as it comes.</summary>
abstract class TokenText
{
    /// <summary>The text that <paramref name="id"/> adds.</summary>
    public abstract string Append(int id);

    /// <summary>What is left when the sequence ends.</summary>
    public abstract string Finish();
}
