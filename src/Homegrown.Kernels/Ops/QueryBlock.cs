using Homegrown.Kernels.Memory;

namespace Homegrown.Kernels.Ops;

/// <summary>
/// Queries that are computed together because they share a head of keys and values: neighbouring tokens of a segment times the
/// heads of a group, a row for each, in the order [tokens, group].
/// </summary>
/// <param name="Segment">The sequence's rows in this step.</param>
/// <param name="KvHead">The shared head.</param>
/// <param name="FirstToken">The first token, counted from the segment's first.</param>
/// <param name="Tokens">How many.</param>
/// <param name="First">The first position that any of them sees.</param>
/// <param name="SpansBefore">Spans of the blocks before this one.</param>
readonly record struct QueryBlock(Segment Segment, int KvHead, int FirstToken, int Tokens, int First, int SpansBefore)
{
    /// <summary>Positions whose softmax is computed as one; fixed, so that a row's result depends on neither threads nor batch.</summary>
    public const int SpanPositions = 4 * KvPages.PageSize;

    /// <summary>Rows for which it pays to convert keys and values; more would not stay in the second cache with their scores.</summary>
    const int UsefulRows = 112;

    /// <summary>Positions from a block's first token to its last, of which half are computed and hidden.</summary>
    const int MostTokens = 32;

    /// <summary>One after the last position that any of them sees.</summary>
    public int End => Segment.FirstPosition + FirstToken + Tokens;

    /// <summary>The first span, counted from position 0.</summary>
    public int FirstSpan => First / SpanPositions;

    public int Spans => ((End - 1) / SpanPositions) - FirstSpan + 1;

    /// <summary>The position of a row's token, the last that it sees.</summary>
    public int Position(int row, int group) => Segment.FirstPosition + FirstToken + (row / group);

    /// <summary>Where a row's head starts in [rows, heads * headDim], as a row of the step and a column.</summary>
    public (int Row, int Column) Place(int row, int group, int headDim)
        => (Segment.FirstRow + FirstToken + (row / group), ((KvHead * group) + (row % group)) * headDim);

    /// <summary>Tokens of a block.</summary>
    public static int TokensOf(int group) => Math.Clamp(UsefulRows / group, 1, MostTokens);

    /// <summary>Blocks of a segment for one head of keys and values.</summary>
    public static int Count(Segment segment, int group) => ((segment.Rows - 1) / TokensOf(group)) + 1;

    /// <summary>Block <paramref name="index"/> of a segment and a head.</summary>
    public static QueryBlock Create(in AttentionCall call, Segment segment, int kvHead, int index, int spansBefore)
    {
        var first = index * TokensOf(call.Group);
        var tokens = Math.Min(TokensOf(call.Group), segment.Rows - first);
        return new(segment, kvHead, first, tokens, call.FirstSeen(segment.FirstPosition + first), spansBefore);
    }
}
