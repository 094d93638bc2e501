using System.Buffers;
using Homegrown.Engine.Tokenizers.Unicode;

namespace Homegrown.Engine.Tokenizers.Folders;

/// <summary>A token that is looked for in the text before anything else: "added_tokens" of tokenizer.json.</summary>
/// <param name="SingleWord">Only where no letter, digit or mark stands beside it.</param>
/// <param name="TakesSpaceBefore">White space before it is part of it ("lstrip").</param>
/// <param name="TakesSpaceAfter">White space after it is part of it ("rstrip").</param>
/// <param name="Normalized">It is looked for in the normalized text, else in the text as it came.</param>
/// <param name="Special">It leaves no trace in decoded text unless asked for.</param>
sealed record AddedToken(int Id, string Content, bool SingleWord, bool TakesSpaceBefore, bool TakesSpaceAfter, bool Normalized, bool Special)
{
    /// <summary>Contents of a message never become it.</summary>
    public bool IsControl { get; } = Special || ControlSpellings.LooksLikeControl(Content);
}

/// <summary>A part of a text: a token that was added, or what lies between (-1).</summary>
readonly record struct Segment(int Token, int Start, int End);

/// <summary>Finds added tokens in a text: the leftmost, and of those at one place the longest.</summary>
sealed class AddedTokenFinder
{
    readonly AddedToken[] tokens;
    readonly PieceTrie spellings = new();           // to the index of a token
    readonly SearchValues<string> all, harmless;    // harmless: what a content may name

    /// <param name="spell">How a token's content stands in the texts that are searched.</param>
    public AddedTokenFinder(IEnumerable<AddedToken> tokens, Func<string, string> spell)
    {
        this.tokens = [.. tokens];
        var contents = Array.ConvertAll(this.tokens, token => spell(token.Content));
        for (var i = 0; i < contents.Length; i++)
            if (contents[i].Length > 0) spellings.Add(contents[i], i);
        all = SearchValues.Create([.. contents.Where(content => content.Length > 0)], StringComparison.Ordinal);
        harmless = SearchValues.Create(
            [.. contents.Where((content, i) => content.Length > 0 && !this.tokens[i].IsControl)], StringComparison.Ordinal);
        IsEmpty = Array.TrueForAll(contents, content => content.Length == 0);
    }

    public bool IsEmpty { get; }

    /// <summary>
    /// Appends the segments of a text. Control tokens count only where all of their characters are in one stretch of
    /// <paramref name="trusted"/>.
    /// </summary>
    public void Cut(ReadOnlySpan<char> text, ReadOnlySpan<Stretch> trusted, List<Segment> segments)
    {
        var (done, spaced) = (0, 0);    // spaced: up to here the white space before a token is known
        for (var at = 0; at < text.Length;)
        {
            var next = text[at..].IndexOfAny(trusted.IsEmpty ? harmless : all);
            if (next < 0) break;
            at += next;
            while (!trusted.IsEmpty && trusted[0].End <= at) trusted = trusted[1..];
            var length = Longest(text, at, trusted, out var index);
            if (length == 0)
            {
                at++;
                continue;
            }
            var token = tokens[index];
            var (start, end) = (at, at + length);
            at = end;
            if (token.SingleWord && !StandsAlone(text, start, end)) continue;
            // White space that a token before has taken is gone; what a token takes itself may still begin another, as in the library.
            if (token.TakesSpaceBefore) start = Math.Max(done, done + text[Math.Min(done, start)..start].TrimEnd().Length);
            if (token.TakesSpaceAfter)
            {
                spaced = Math.Max(spaced, end);
                while (spaced < text.Length && char.IsWhiteSpace(text[spaced])) spaced++;
                if (end < spaced && char.IsWhiteSpace(text[end])) end = spaced;
            }
            if (start > done) segments.Add(new(-1, done, start));
            segments.Add(new(token.Id, start, end));
            done = end;
        }
        if (done < text.Length) segments.Add(new(-1, done, text.Length));
    }

    int Longest(ReadOnlySpan<char> text, int at, ReadOnlySpan<Stretch> trusted, out int index)
    {
        var (node, longest) = (PieceTrie.Root, 0);
        index = -1;
        for (var end = at; end < text.Length && (node = spellings.Next(node, text[end])) >= 0;)
        {
            end++;
            if (spellings.Token(node) is >= 0 and var found
                && (!tokens[found].IsControl || (!trusted.IsEmpty && trusted[0].Holds(at, end - at))))
                (longest, index) = (end - at, found);
        }
        return longest;
    }

    static bool StandsAlone(ReadOnlySpan<char> text, int start, int end) =>
        (start == 0 || !LibraryClasses.WordOrJoiner.Contains(TextBuffer.PointBefore(text, start)))
        && (end == text.Length || !LibraryClasses.WordOrJoiner.Contains(TextBuffer.PointAt(text, end, out _)));
}
