using Homegrown.Kernels.Memory;

namespace Homegrown.Kernels.Ops;

/// <summary>
/// Queries that are computed together because they share a head of keys and values: neighbouring tokens of a segment times the
/// heads of a group, a row for each, in the order [tokens, group]. Where positions are chosen, a block is one token, and its
/// positions are the places of its list.
/// </summary>
/// <param name="Segment">The sequence's rows in this step.</param>
/// <param name="KvHead">The shared head.</param>
/// <param name="FirstHead">The first of the query heads.</param>
/// <param name="FirstToken">The first token, counted from the segment's first.</param>
/// <param name="Tokens">How many.</param>
/// <param name="First">The first position that any of them sees.</param>
/// <param name="End">One after the last position that any of them sees.</param>
/// <param name="SpansBefore">Spans of the blocks before this one.</param>
/// <param name="List">Where the block's list starts among the chosen positions.</param>
readonly unsafe record struct QueryBlock(Segment Segment, int KvHead, int FirstHead, int FirstToken, int Tokens, int First, int End, int SpansBefore, int List)
{
    /// <summary>Positions whose softmax is computed as one; fixed, so that a row's result depends on neither threads nor batch.</summary>
    public const int SpanPositions = 4 * KvPages.PageSize;

    /// <summary>Rows for which it pays to convert keys and values; more would not stay in the second cache with their scores.</summary>
    const int UsefulRows = 224;

    /// <summary>Positions from a block's first token to its last, of which half are computed and hidden.</summary>
    const int MostTokens = 32;

    /// <summary>The first span, counted from position 0.</summary>
    public int FirstSpan => First / SpanPositions;

    public int Spans => ((End - 1) / SpanPositions) - FirstSpan + 1;

    /// <summary>The position of a row's token.</summary>
    public int Position(int row, int group) => Segment.FirstPosition + FirstToken + (row / group);

    /// <summary>Where a row's query or result is, as a row of the step and a head.</summary>
    public (int Row, int Head) Place(int row, int group)
        => (Segment.FirstRow + FirstToken + (row / group), FirstHead + (row % group));

    /// <summary>Blocks of a segment for one group of heads.</summary>
    public static int Count(in AttentionCall call, Segment segment) => ((segment.Rows - 1) / TokensOf(call)) + 1;

    /// <summary>Block <paramref name="index"/> of a segment and a group of heads.</summary>
    public static QueryBlock Create(in AttentionCall call, Segment segment, int group, int index, int spansBefore, KeyChoice? choice)
    {
        var (first, head) = (index * TokensOf(call), group * call.Group);
        var kvHead = call.KvHead(head);
        if (choice is not null)
        {
            var list = call.List(segment.FirstRow + first, head);
            return new(segment, kvHead, head, first, 1, 0, choice.Length(list), spansBefore, choice.Start(list));
        }

        var tokens = Math.Min(TokensOf(call), segment.Rows - first);
        var position = segment.FirstPosition + first;
        return new(segment, kvHead, head, first, tokens, call.FirstSeen(position), call.EndSeen(segment, position + tokens - 1), spansBefore, 0);
    }

    static int TokensOf(in AttentionCall call) => call.Chosen != null ? 1 : Math.Clamp(UsefulRows / call.Group, 1, MostTokens);
}
