namespace Homegrown.Engine.Tokenizers.Models;

/// <summary>Tokens by id and by spelling. Control tokens are there, but text cannot name them.</summary>
sealed class TokenTable
{
    readonly string?[] pieces;      // null where an id has no token
    readonly TokenKind[] kinds;
    readonly Dictionary<string, int> ids = new(StringComparer.Ordinal);
    readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> bySpan;
    readonly int[] units = new int[0x10000]; // tokens that are one UTF-16 unit, or -1

    /// <param name="tokens">Spelling and id; of spellings given twice the last counts.</param>
    /// <param name="kindOf">What a token is.</param>
    public TokenTable(IReadOnlyCollection<(string Piece, int Id)> tokens, Func<int, string, TokenKind> kindOf)
    {
        var count = tokens.Count == 0 ? 0 : tokens.Max(token => token.Id) + 1;
        pieces = new string?[count];
        kinds = new TokenKind[count];
        bySpan = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        Array.Fill(kinds, TokenKind.Unused);
        Array.Fill(units, -1);
        foreach (var (piece, id) in tokens)
        {
            pieces[id] = piece;
            ids[piece] = id;
            kinds[id] = kindOf(id, piece);
            if (piece.Length == 1 && kinds[id] != TokenKind.Control) units[piece[0]] = id;
        }
    }

    public int Count => pieces.Length;

    /// <summary>A token's spelling; null where the id has none.</summary>
    public string? Piece(int id) => (uint)id < (uint)pieces.Length ? pieces[id] : null;

    public TokenKind Kind(int id) => kinds[id];

    public int? Find(string piece) => ids.TryGetValue(piece, out var id) ? id : null;

    /// <summary>The token that text of this spelling becomes, or -1.</summary>
    public int FindText(ReadOnlySpan<char> piece)
    {
        if (piece.Length == 1) return units[piece[0]];
        return bySpan.TryGetValue(piece, out var id) && kinds[id] != TokenKind.Control ? id : -1;
    }

    /// <summary>Ids and spellings of what text can become.</summary>
    public IEnumerable<(int Id, string Piece)> Texts =>
        from id in Enumerable.Range(0, Count)
        where pieces[id] is not null && kinds[id] != TokenKind.Control
        select (id, pieces[id]!);

    /// <summary>[256]: the tokens spelled &lt;0xHH&gt;, -1 where there is none.</summary>
    public int[] ByteTokens()
    {
        var tokens = new int[256];
        for (var value = 0; value < 256; value++) tokens[value] = FindText($"<0x{value:X2}>");
        return tokens;
    }
}
