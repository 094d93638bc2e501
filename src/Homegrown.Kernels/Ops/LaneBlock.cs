using System.Runtime.Intrinsics;

namespace Homegrown.Kernels.Ops;

/// <summary>
/// Queries that are computed together because they share a head of keys and values: rows of a segment times the heads of a group, one
/// query per vector lane. Lane i is query FirstLane + i of the segment, in the order [rows, group].
/// </summary>
/// <param name="Segment">The sequence's rows in this step.</param>
/// <param name="KvHead">The shared head.</param>
/// <param name="FirstLane">The first query.</param>
/// <param name="Lanes">Queries, at most <see cref="MaxLanes"/>.</param>
/// <param name="First">The first position that any of them sees.</param>
/// <param name="End">One after the last position that any of them sees.</param>
/// <param name="SpansBefore">Spans of the blocks before this one.</param>
readonly record struct LaneBlock(Segment Segment, int KvHead, int FirstLane, int Lanes, int First, int End, int SpansBefore)
{
    /// <summary>Positions whose softmax is computed as one; fixed, so that a row's result depends on neither threads nor batch.</summary>
    public const int SpanPositions = 256;

    /// <summary>Three of the widest vectors: as many columns as <see cref="LaneProduct"/> keeps in registers.</summary>
    public static int MaxLanes => 3 * (Vector512.IsHardwareAccelerated ? Lanes512.Count : Vector256.IsHardwareAccelerated ? Lanes256.Count : Lanes128.Count);

    /// <summary>Lanes with padding: one vector as narrow as possible (a decoded token has as many queries as the group has heads), or three.</summary>
    public int Width => Lanes <= Lanes128.Count ? Lanes128.Count
        : Lanes <= Lanes256.Count && Vector256.IsHardwareAccelerated ? Lanes256.Count
        : Lanes <= Lanes512.Count && Vector512.IsHardwareAccelerated ? Lanes512.Count
        : MaxLanes;

    /// <summary>The first span, counted from position 0.</summary>
    public int FirstSpan => First / SpanPositions;

    public int Spans => ((End - 1) / SpanPositions) - FirstSpan + 1;

    /// <summary>Where a lane's head starts in [rows, heads * headDim], as a row of the step and a column.</summary>
    public (int Row, int Column) Place(int lane, AttentionShape shape)
    {
        var (group, query) = (shape.Heads / shape.KvHeads, FirstLane + lane);
        return (Segment.FirstRow + (query / group), ((KvHead * group) + (query % group)) * shape.HeadDim);
    }

    /// <summary>The position of a lane's row, the last that it sees.</summary>
    public int Position(int lane, AttentionShape shape) => Segment.FirstPosition + ((FirstLane + lane) / (shape.Heads / shape.KvHeads));

    /// <summary>Blocks of a segment for one head of keys and values.</summary>
    public static int Count(Segment segment, int group) => (int)((((long)segment.Rows * group) + MaxLanes - 1) / MaxLanes);

    /// <summary>Block <paramref name="index"/> of a segment and a head.</summary>
    public static LaneBlock Create(in AttentionCall call, Segment segment, int kvHead, int index, int spansBefore)
    {
        var (group, first) = (call.Group, index * MaxLanes);
        var lanes = Math.Min(MaxLanes, (segment.Rows * group) - first);
        return new(segment, kvHead, first, lanes,
            call.FirstSeen(segment.FirstPosition + (first / group)), segment.FirstPosition + ((first + lanes - 1) / group) + 1, spansBefore);
    }
}
