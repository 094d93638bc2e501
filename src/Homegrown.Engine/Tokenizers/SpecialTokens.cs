using System.Buffers;

namespace Homegrown.Engine.Tokenizers;

/// <summary>Finds the tokens that are whole in text rather than built from it: the leftmost, and of those at one place the longest.</summary>
sealed class SpecialTokens
{
    readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> ids;
    readonly int[] lengths; // of all spellings, longest first
    readonly SearchValues<string> all, userDefined;
    readonly Vocabulary vocabulary;

    public SpecialTokens(Vocabulary vocabulary)
    {
        this.vocabulary = vocabulary;
        var spellings = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var id = 0; id < vocabulary.Count; id++)
            if (vocabulary.Kind(id) is TokenKind.Control or TokenKind.UserDefined or TokenKind.Unknown && vocabulary.Piece(id) is { Length: > 0 } piece)
                spellings[piece] = id;
        ids = spellings.GetAlternateLookup<ReadOnlySpan<char>>();
        lengths = [.. spellings.Keys.Select(piece => piece.Length).Distinct().OrderDescending()];
        all = SearchValues.Create([.. spellings.Keys], StringComparison.Ordinal);
        userDefined = SearchValues.Create(
            [.. spellings.Where(pair => vocabulary.Kind(pair.Value) == TokenKind.UserDefined).Select(pair => pair.Key)], StringComparison.Ordinal);
    }

    /// <summary>
    /// The next token at or after <paramref name="from"/>. User-defined tokens count everywhere; control and unknown tokens only
    /// where all of their characters are in one stretch of <paramref name="trusted"/>.
    /// </summary>
    /// <param name="trusted">Ascending stretches of the text; those before <paramref name="from"/> are taken off.</param>
    public bool TryFind(ReadOnlySpan<char> text, int from, ref ReadOnlySpan<Stretch> trusted, out int at, out int id)
    {
        for (at = from; at < text.Length; at++)
        {
            var next = text[at..].IndexOfAny(trusted.IsEmpty ? userDefined : all);
            if (next < 0) break;
            at += next;
            while (!trusted.IsEmpty && trusted[0].End <= at) trusted = trusted[1..];
            foreach (var length in lengths)
                if (length <= text.Length - at && ids.TryGetValue(text.Slice(at, length), out id)
                    && (vocabulary.Kind(id) == TokenKind.UserDefined || (!trusted.IsEmpty && trusted[0].Holds(at, length))))
                    return true;
        }
        (at, id) = (text.Length, -1);
        return false;
    }
}
