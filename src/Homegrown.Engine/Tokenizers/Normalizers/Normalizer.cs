using Homegrown.Engine.Tokenizers.Unicode;

namespace Homegrown.Engine.Tokenizers.Normalizers;

/// <summary>Changes a text before it is cut into words: a "normalizer" of tokenizer.json. Safe for many threads.</summary>
abstract class Normalizer
{
    /// <summary>Appends the changed text.</summary>
    /// <param name="text">Well-formed, not empty.</param>
    public abstract void Append(ReadOnlySpan<char> text, TextBuffer to);
}
