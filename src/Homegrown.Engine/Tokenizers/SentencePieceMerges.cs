using System.Buffers;
using System.Text;

namespace Homegrown.Engine.Tokenizers;

/// <summary>
/// A vocabulary with scores as pairs that join: every cut of a piece into two symbols that can arise is a pair, and the rank is that of
/// the piece's score, 0 the highest. Symbols are tokens and single characters; a character that is no token but a part of one has an
/// id above the tokens'. Also the tokens of single bytes.
/// </summary>
sealed class SentencePieceMerges
{
    /// <summary>Cutting a piece everywhere costs the square of its length; real ones have some hundred characters at most.</summary>
    const int LongestPiece = 4096;

    readonly Vocabulary vocabulary;
    readonly int unknown;
    readonly int[] byteIds = new int[256]; // -1 where the vocabulary lacks <0xHH>
    readonly int[] basic = new int[0x10000]; // symbols of characters of one UTF-16 unit, or -1
    readonly Dictionary<int, int> characters = []; // those of all that are no tokens

    public SentencePieceMerges(Vocabulary vocabulary, VocabularyData data, int? unknown)
    {
        this.vocabulary = vocabulary;
        this.unknown = unknown ?? throw data.Error("unknown_token_id", "absent, and token 0 does not exist");
        Array.Fill(byteIds, -1);
        var ranks = Ranks(data);
        for (var id = 0; id < vocabulary.Count; id++)
        {
            var piece = vocabulary.Piece(id);
            if (vocabulary.Kind(id) == TokenKind.Byte && Vocabulary.ByteOf(piece) is { } value) byteIds[value] = id;
            if (!vocabulary.IsText(id)) continue;
            if (piece.Length > LongestPiece) throw data.Error("tokens", $"token {id} has {piece.Length} characters; {LongestPiece} is the most");
            for (var cut = 1; cut < piece.Length; cut++)
                if (Symbol(piece.AsSpan(0, cut), add: true) is >= 0 and var left && Symbol(piece.AsSpan(cut), add: true) is >= 0 and var right)
                    Table.Add(left, right, ranks[id], id);
        }
        for (var unit = 0; unit < basic.Length; unit++) basic[unit] = Symbol([(char)unit], add: false);
    }

    public MergeTable Table { get; } = new();

    /// <summary>The symbol of one character, or -1 where no piece has it.</summary>
    public int Symbol(ReadOnlySpan<char> character) => character.Length == 1 ? basic[character[0]] : Symbol(character, add: false);

    /// <summary>Appends the token of a symbol; where there is none, the bytes of the character that it is, or the unknown token.</summary>
    public void Append(int symbol, ReadOnlySpan<char> character, List<int> ids)
    {
        if (symbol >= 0 && symbol < vocabulary.Count)
        {
            ids.Add(symbol);
            return;
        }
        if (character is [< '\u0080' and var ascii] && byteIds[ascii] is >= 0 and var single)
        {
            ids.Add(single);
            return;
        }
        Span<byte> bytes = stackalloc byte[4];
        bytes = bytes[..Encoding.UTF8.GetBytes(character, bytes)];
        var start = ids.Count;
        foreach (var value in bytes) ids.Add(byteIds[value]);
        if (ids.IndexOf(-1, start) < 0) return;
        ids.RemoveRange(start, ids.Count - start);
        ids.Add(unknown);
    }

    /// <summary>The symbol of a token or a character, or -1 for what cannot arise.</summary>
    /// <param name="add">Gives a character that has no symbol yet one.</param>
    int Symbol(ReadOnlySpan<char> text, bool add)
    {
        if (vocabulary.TryFindText(text, out var id)) return id;
        if (Rune.DecodeFromUtf16(text, out var rune, out var length) != OperationStatus.Done || length < text.Length) return -1;
        if (characters.TryGetValue(rune.Value, out var symbol)) return symbol;
        if (!add) return -1;
        characters.Add(rune.Value, symbol = vocabulary.Count + characters.Count);
        return symbol;
    }

    /// <summary>[tokens]; equal scores share a rank. Without scores all are equal.</summary>
    static int[] Ranks(VocabularyData data)
    {
        var ranks = new int[data.Tokens.Count];
        if (data.Scores is not { } scores) return ranks;
        // Sorting has NaN below all numbers, so a broken score makes a piece the last choice.
        int[] order = [.. Enumerable.Range(0, ranks.Length).OrderByDescending(id => scores[id])];
        for (var i = 1; i < order.Length; i++)
            ranks[order[i]] = ranks[order[i - 1]] + (scores[order[i]].Equals(scores[order[i - 1]]) ? 0 : 1);
        return ranks;
    }
}
