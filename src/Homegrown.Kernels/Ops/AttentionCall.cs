using Homegrown.Kernels.Memory;

namespace Homegrown.Kernels.Ops;

/// <summary>What one attention works on.</summary>
readonly unsafe struct AttentionCall
{
    /// <summary>[rows, heads * keyDim].</summary>
    public Tensor Q { get; init; }

    /// <summary>The result, [rows, heads * valueDim].</summary>
    public Tensor Y { get; init; }

    public KvPages Pages { get; init; }

    /// <summary>Page numbers of all sequences.</summary>
    public int* Table { get; init; }

    public AttentionShape Shape { get; init; }

    /// <summary>Of the scores before softmax.</summary>
    public float Scale { get; init; }

    /// <summary>Positions that a row sees, its own included.</summary>
    public int Window { get; init; }

    public bool BothSides { get; init; }

    /// <summary>0 for none.</summary>
    public float SoftCap { get; init; }

    /// <summary>[heads], or null.</summary>
    public float* Sinks { get; init; }

    /// <summary>[heads], or null.</summary>
    public float* Slopes { get; init; }

    /// <summary>[heads, 2 * Reach + 1], or null.</summary>
    public float* Distances { get; init; }

    /// <summary>Steps from a row's own position that have biases of their own.</summary>
    public int Reach { get; init; }

    /// <summary>The positions of all lists, or null where rows attend to all that they may see.</summary>
    public int* Chosen { get; init; }

    /// <summary>Keys and values of this step, [rows, kvHeads * keyDim] and [rows, kvHeads * valueDim], where single rows are written late.</summary>
    public (Tensor K, Tensor V)? Late { get; init; }

    /// <summary>Blocks of many rows may multiply in 16-bit integers.</summary>
    public bool MayUseWords { get; init; }

    /// <summary>Lists of each row, where positions are chosen.</summary>
    public int Lists { get; init; }

    /// <summary>Groups of query heads that share a head of keys and values, and a list.</summary>
    public int Groups => Math.Max(Shape.KvHeads, Lists);

    /// <summary>Query heads of a group.</summary>
    public int Group => Shape.Heads / Groups;

    /// <summary>The head of keys and values of a query head.</summary>
    public int KvHead(int head) => head / (Shape.Heads / Shape.KvHeads);

    /// <summary>The list of a row and a query head.</summary>
    public int List(int row, int head) => (row * Lists) + (head / (Shape.Heads / Lists));

    /// <summary>What a head's score of a position gets by its distance from the row's own.</summary>
    public float Bias(int head, int distance) => Distances[(head * ((2 * Reach) + 1)) + Reach + Math.Clamp(distance, -Reach, Reach)];

    /// <summary>The first position that the row at <paramref name="position"/> sees.</summary>
    public int FirstSeen(int position) => Math.Max(0, position - Window + 1);

    /// <summary>One after the last position that it sees.</summary>
    public int EndSeen(Segment segment, int position)
        => BothSides ? (int)Math.Min(segment.FirstPosition + segment.Rows, (long)position + Window) : position + 1;

    /// <summary>The page that holds a position of a segment.</summary>
    public int Page(Segment segment, int position) => Table[segment.FirstPage + (position / KvPages.PageSize)];

    /// <summary>
    /// A segment's blocks multiply in 16-bit integers, if its rows were read, as a rule many at a time, so that it pays to bring keys and values
    /// into pairs. It does not depend on how many they are in this step, so that a row's result does not either.
    /// </summary>
    public bool InWords(Segment segment) => MayUseWords && !segment.Generated;

    /// <summary>The segment's key and value are written by who attends to them.</summary>
    public bool WritesLate(Segment segment) => segment.Rows == 1 && Late is not null;

    /// <summary>Brings to the cache where the one row's key and value of a head will be written.</summary>
    public void Fetch(Segment segment, int kvHead) => Pages.Fetch(Page(segment, segment.FirstPosition), kvHead, segment.FirstPosition % KvPages.PageSize);

    /// <summary>Puts them in their place.</summary>
    public void Write(Segment segment, int kvHead)
    {
        var ((k, v), position, row) = (Late!.Value, segment.FirstPosition, segment.FirstRow);
        var (page, place) = (Page(segment, position), position % KvPages.PageSize);
        Pages.Write(page, kvHead, place, k.RowPointer(row) + (kvHead * Shape.KeyDim), v.RowPointer(row) + (kvHead * Shape.ValueDim));
    }
}
