using System.Text;

namespace Homegrown.Engine.Tokenizers;

/// <summary>Scores as ranks (0 is the highest; equal scores share one), and the tokens of single bytes.</summary>
sealed class PieceScores
{
    readonly int[] ranks; // [tokens]
    readonly int[] byteIds = new int[256]; // -1 where the vocabulary lacks <0xHH>

    public PieceScores(Vocabulary vocabulary, VocabularyData data, int? unknown)
    {
        Unknown = unknown ?? throw data.Error("unknown_token_id", "absent, and token 0 does not exist");
        Array.Fill(byteIds, -1);
        for (var id = 0; id < vocabulary.Count; id++)
            if (vocabulary.Kind(id) == TokenKind.Byte && Vocabulary.ByteOf(vocabulary.Piece(id)) is { } value) byteIds[value] = id;

        ranks = new int[vocabulary.Count];
        if (data.Scores is not { } scores) return;
        // CompareTo orders NaN below all numbers, so a broken score makes a piece the last choice.
        int[] order = [.. Enumerable.Range(0, vocabulary.Count).OrderByDescending(id => scores[id])];
        for (var i = 1; i < order.Length; i++)
            ranks[order[i]] = ranks[order[i - 1]] + (scores[order[i]].Equals(scores[order[i - 1]]) ? 0 : 1);
    }

    public int Unknown { get; }

    public int Rank(int id) => ranks[id];

    /// <summary>The ids of a character's bytes, or the unknown token where one is missing.</summary>
    public void AppendBytes(ReadOnlySpan<char> character, List<int> ids)
    {
        Span<byte> bytes = stackalloc byte[4];
        bytes = bytes[..Encoding.UTF8.GetBytes(character, bytes)];
        foreach (var value in bytes)
            if (byteIds[value] < 0)
            {
                ids.Add(Unknown);
                return;
            }
        foreach (var value in bytes) ids.Add(byteIds[value]);
    }
}

/// <summary>Encodes texts; holds the buffers for it. A symbol is a stretch of the text, so that pieces need not be made of pieces.</summary>
sealed class SentencePieceMerger(Vocabulary vocabulary, PieceScores scores) : PairMerger
{
    char[] text = [];   // spaces written ▁
    int[] starts = [];  // [symbols + 1]: where each character begins, and the end of the text

    /// <summary>Appends the ids of a text, with a space before it if asked for.</summary>
    public void Encode(ReadOnlySpan<char> source, bool addSpace, List<int> ids)
    {
        Reserve(source.Length + 2);
        var count = Write(source, addSpace);
        Merge(count);
        for (var i = 0; i < count; i = Next(i))
        {
            var piece = Slice(i, Next(i));
            if (vocabulary.TryFindText(piece, out var id)) ids.Add(id);
            else scores.AppendBytes(piece, ids);
        }
    }

    protected override void Reserve(int count)
    {
        base.Reserve(count);
        if (text.Length < Capacity) (text, starts) = (new char[Capacity], new int[Capacity]);
    }

    protected override bool TryPair(int left, int right, int end, out int priority, out int token)
    {
        (priority, token) = (0, -1);
        if (starts[end] - starts[left] > vocabulary.LongestPiece || !vocabulary.TryFindText(Slice(left, end), out token)) return false;
        priority = scores.Rank(token);
        return true;
    }

    ReadOnlySpan<char> Slice(int symbol, int end) => text.AsSpan(starts[symbol]..starts[end]);

    /// <summary>Lays out the text as characters; their number.</summary>
    int Write(ReadOnlySpan<char> source, bool addSpace)
    {
        var (length, count) = (0, 0);
        if (addSpace)
        {
            starts[count++] = length;
            text[length++] = '▁';
        }
        for (var i = 0; i < source.Length; i++)
        {
            starts[count++] = length;
            if (i + 1 < source.Length && char.IsSurrogatePair(source[i], source[i + 1])) text[length++] = source[i++];
            else if (char.IsSurrogate(source[i]))
            {
                text[length++] = '\uFFFD';
                continue;
            }
            text[length++] = source[i] == ' ' ? '▁' : source[i];
        }
        starts[count] = length;
        return count;
    }
}
