namespace Homegrown.Engine.Tokenizers.Models;

/// <summary>Turns a piece of text into tokens: a "model" of tokenizer.json. Safe for many threads.</summary>
abstract class PieceModel
{
    /// <summary>Appends the ids of a piece.</summary>
    /// <param name="piece">Well-formed, not empty.</param>
    public abstract void Encode(ReadOnlySpan<char> piece, List<int> ids);
}
