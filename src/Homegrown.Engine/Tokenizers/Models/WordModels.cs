namespace Homegrown.Engine.Tokenizers.Models;

/// <summary>
/// WordPiece (Devlin et al., arXiv 1810.04805): the longest token from left to right, and a word with a gap, or of too many characters, is unknown
/// as a whole.
/// </summary>
/// <param name="prefix">Stands before tokens that continue a word.</param>
/// <param name="mostCharacters">Of a word that is looked at.</param>
sealed class WordPieceModel(PieceTrie pieces, int unknown, string prefix, int mostCharacters) : PieceModel
{
    readonly int continuing = pieces.Find(prefix);

    public override void Encode(ReadOnlySpan<char> piece, List<int> ids)
    {
        var start = ids.Count;
        if (!IsTooLong(piece))
            for (var from = PieceTrie.Root; from >= 0; from = continuing)
            {
                var length = pieces.Longest(piece, out var id, from);
                if (length == 0) break;
                ids.Add(id);
                piece = piece[length..];
                if (piece.IsEmpty) return;
            }
        ids.RemoveRange(start, ids.Count - start);
        ids.Add(unknown);
    }

    bool IsTooLong(ReadOnlySpan<char> piece)
    {
        if (piece.Length <= mostCharacters) return false;
        var count = 0;
        foreach (var unit in piece)
            if (!char.IsLowSurrogate(unit) && ++count > mostCharacters) return true;
        return false;
    }
}

/// <summary>WordLevel: a piece is a token or unknown.</summary>
sealed class WordLevelModel(TokenTable tokens, int unknown) : PieceModel
{
    public override void Encode(ReadOnlySpan<char> piece, List<int> ids)
    {
        var id = tokens.FindText(piece);
        ids.Add(id >= 0 ? id : unknown);
    }
}
