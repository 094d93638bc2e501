using System.Buffers;
using System.Text;

namespace Homegrown.Engine.Tokenizers;

/// <summary>Tokens by id and by spelling, checked once; and the bytes that each stands for.</summary>
sealed class Vocabulary
{
    readonly string[] pieces;
    readonly TokenKind[] kinds;
    readonly Dictionary<string, int> ids;
    readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> bySpan;
    readonly byte[] bytes;
    readonly int[] byteEnds; // [Count]: where each token's bytes end

    /// <param name="spell">Writes the bytes of a normal piece; other kinds stand for their own spelling, or for one byte.</param>
    public Vocabulary(VocabularyData data, Action<string, IBufferWriter<byte>> spell)
    {
        CheckLength(data, "token_type", data.Kinds?.Count);
        CheckLength(data, "scores", data.Scores?.Count);
        pieces = [.. data.Tokens];
        kinds = new TokenKind[pieces.Length];
        ids = new Dictionary<string, int>(pieces.Length, StringComparer.Ordinal);
        bySpan = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        byteEnds = new int[pieces.Length];

        var writer = new ArrayBufferWriter<byte>();
        for (var id = 0; id < pieces.Length; id++)
        {
            var piece = pieces[id];
            // Type 0 and types of later formats are nothing special.
            var kind = data.Kinds is { } given && Enum.IsDefined((TokenKind)given[id]) ? (TokenKind)given[id] : TokenKind.Normal;
            kinds[id] = kind = ControlSpellings.Correct(piece, kind);
            // Two ids with one spelling would encode by accident of order. Empty pieces only fill up ids: no text makes them.
            if (piece.Length > 0 && !ids.TryAdd(piece, id))
                throw data.Error("tokens", $"'{piece}' is both token {ids[piece]} and token {id}; every token needs its own spelling");
            LongestPiece = Math.Max(LongestPiece, piece.Length);

            if (kind == TokenKind.Byte && ByteOf(piece) is { } value) writer.Write([value]);
            else if (kind is TokenKind.Normal or TokenKind.Unused) spell(piece, writer);
            else Encoding.UTF8.GetBytes(piece, writer);
            byteEnds[id] = writer.WrittenCount;
        }
        bytes = writer.WrittenSpan.ToArray();
    }

    public int Count => pieces.Length;

    /// <summary>UTF-16 units of the longest piece.</summary>
    public int LongestPiece { get; }

    public string Piece(int id) => pieces[id];

    public TokenKind Kind(int id) => kinds[id];

    public ReadOnlySpan<byte> Bytes(int id) => bytes.AsSpan((id == 0 ? 0 : byteEnds[id - 1])..byteEnds[id]);

    public int? Find(string piece) => ids.TryGetValue(piece, out var id) ? id : null;

    /// <summary>
    /// The token that ordinary text of this spelling becomes. Control, unknown and byte tokens are none: text cannot name them, as
    /// in sentencepiece, whose table for merging does not hold them.
    /// </summary>
    public bool TryFindText(ReadOnlySpan<char> piece, out int id) => bySpan.TryGetValue(piece, out id) && IsText(id);

    /// <summary>Whether text becomes this token without being asked to name control tokens.</summary>
    public bool IsText(int id) => kinds[id] is not (TokenKind.Control or TokenKind.Unknown or TokenKind.Byte);

    /// <summary>The value of a piece spelled "&lt;0xHH&gt;", or null.</summary>
    public static byte? ByteOf(string piece) =>
        piece is ['<', '0', 'x', var high, var low, '>'] && char.IsAsciiHexDigit(high) && char.IsAsciiHexDigit(low)
            ? Convert.FromHexString([high, low])[0]
            : null;

    static void CheckLength(VocabularyData data, string field, int? length)
    {
        if (length is { } given && given != data.Tokens.Count)
            throw data.Error(field, $"{given} entries for {data.Tokens.Count} tokens; they must be as many");
    }
}
