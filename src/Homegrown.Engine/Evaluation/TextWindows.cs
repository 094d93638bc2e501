using Homegrown.Engine.Tokenizers;

namespace Homegrown.Engine.Evaluation;

/// <summary>
/// A text as windows of equal length without overlap, of which the second half is scored: every scored position has seen half a
/// window or more. The method of llama.cpp's perplexity, so that figures compare. A rest shorter than a window is left out.
/// </summary>
public sealed class TextWindows
{
    /// <param name="length">Tokens of a window, at least 4.</param>
    /// <exception cref="ArgumentException">The text is shorter than a window.</exception>
    public TextWindows(Tokenizer tokenizer, string text, int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 4);
        var ids = tokenizer.Encode(text, addSpecial: true, parseSpecial: false);
        if (ids.Count < length) throw new ArgumentException($"The text has {ids.Count} tokens, fewer than a window of {length}: take a longer text or a shorter window.", nameof(text));
        Length = length;
        All = [.. ids.Chunk(length).Where(window => window.Length == length)];

        // Where texts begin with a token of their own, windows do.
        if (tokenizer is { AddBos: true, Bos: { } bos })
            foreach (var window in All) window[0] = bos;
    }

    public int Length { get; }

    public IReadOnlyList<int[]> All { get; }

    /// <summary>Tokens of all windows.</summary>
    public int Tokens => All.Count * Length;

    /// <summary>The first position of a window whose next token is scored.</summary>
    public int FirstScored => Length / 2;

    /// <summary>A window without its last token, which predicts nothing.</summary>
    public static ArraySegment<int> Context(int[] window) => new(window, 0, window.Length - 1);
}
