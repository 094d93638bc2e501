using System.Runtime.InteropServices;

namespace Homegrown.Engine.Tokenizers;

/// <summary>A symbol that merging left: its token, or -1, and the first of the symbols that it was made of.</summary>
readonly record struct Joined(int Token, int First);

/// <summary>
/// Merges long texts window by window, with the result of merging them whole, so that heap and symbols stay in the processor's cache
/// and a text that repeats itself is merged once.
/// </summary>
/// <remarks>
/// Why the result is the same. Of neighbours L and R of a result, the text LR alone merges to L, R: up to the first join across their
/// border, its run is the whole run seen through a slit, and what is best there would have been best in the whole. And the reverse: if
/// all neighbours of a sequence are such pairs, the text merges to that sequence, as the first join across any border would also be
/// one of its pair alone. So windows may be put together wherever each pair of neighbours has stood in one window. A window is
/// believed up to a symbol near its end; the next begins after it, and has to begin with the symbol that followed. If it does not,
/// larger windows are tried; one that holds the whole text has nothing to prove.
/// </remarks>
/// <param name="firstWindow">Symbols of the windows that are tried first: 10 kB of them unless told otherwise.</param>
sealed class WindowMerger(MergeTable merges, int firstWindow = 512)
{
    readonly PairMerger merger = new(merges);
    readonly List<Joined> joined = [];

    /// <inheritdoc cref="PairMerger.Looks"/>
    public long Looks => merger.Looks;

    /// <summary>Joins what can be joined; the result stays until the next call.</summary>
    /// <param name="tokens">The token of each symbol, or -1 for one that never joins.</param>
    public ReadOnlySpan<Joined> Merge(ReadOnlySpan<int> tokens)
    {
        for (var window = firstWindow; !TryMerge(tokens, window); window *= 2) ;
        return CollectionsMarshal.AsSpan(joined);
    }

    bool TryMerge(ReadOnlySpan<int> tokens, int window)
    {
        joined.Clear();
        ReadOnlySpan<int> merged = [];
        var (start, token, length) = (0, 0, 0);         // where a window begins, and the symbol that has to come first
        while (start < tokens.Length)
        {
            var here = tokens.Slice(start, Math.Min(window, tokens.Length - start));
            if (!here.SequenceEqual(merged)) merger.Merge(here);
            merged = here;
            if (start > 0 && (merger.Token(0), merger.Next(0)) != (token, length)) return false;

            var end = start + here.Length == tokens.Length ? here.Length : here.Length - (window / 8);
            var symbol = 0;
            for (; symbol < here.Length && merger.Next(symbol) <= end; symbol = merger.Next(symbol))
                joined.Add(new Joined(merger.Token(symbol), start + symbol));
            if (symbol == 0) return false;              // longer than what is believed of a window
            start += symbol;
            if (symbol < here.Length) (token, length) = (merger.Token(symbol), merger.Next(symbol) - symbol);
        }
        return true;
    }
}
