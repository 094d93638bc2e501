namespace Homegrown.Kernels.Ops;

/// <summary>
/// The arithmetic of one block of queries: a lane is a query, so that scores, softmax and sums of all of them run down the
/// positions without a step across lanes, and a number of K or V, read once, meets all queries of the block.
/// </summary>
readonly unsafe struct BlockAttention<TLanes>(in AttentionCall call, in LaneBlock block, float* scratch)
    where TLanes : struct, ILanes<TLanes>
{
    readonly AttentionCall call = call;
    readonly LaneBlock block = block;
    readonly BlockScratch scratch = new(scratch, call.Shape.HeadDim, block.Width);
    readonly int width = block.Width, dim = call.Shape.HeadDim;

    int Vectors => width / TLanes.Count;

    /// <summary>What <see cref="Attend"/> is given when its result is merged at once.</summary>
    public SpanResult Part => scratch.Part;

    /// <summary>Gathers the queries, scaled, as [headDim, lanes]; lanes beyond the block's are zero.</summary>
    public void LoadQueries()
    {
        new Span<float>(scratch.Queries, dim * width).Clear();
        for (var lane = 0; lane < block.Lanes; lane++)
        {
            var (row, column) = block.Place(lane, call.Shape);
            var q = call.Q.RowPointer(row) + column;
            for (var d = 0; d < dim; d++) scratch.Queries[(d * width) + lane] = q[d] * call.Scale;
        }
    }

    /// <summary>Attends to the positions of the block's span <paramref name="index"/>.</summary>
    public void Attend(int index, SpanResult result)
    {
        var span = (block.FirstSpan + index) * LaneBlock.SpanPositions;
        var (start, end) = (Math.Max(block.First, span), Math.Min(block.End, span + LaneBlock.SpanPositions));
        for (var at = start; at < end; at += BlockScratch.TilePositions)
        {
            var count = Math.Min(BlockScratch.TilePositions, end - at);
            LoadTile(at, count, values: false);
            LaneProduct.Multiply<TLanes>(Vectors, scratch.Tile, dim, 1, scratch.Queries, Scores(at - start),
                LaneProduct.RoundUp(count), dim, add: false);
        }

        Mask(start, end);
        Softmax(end - start, result);
        for (var at = start; at < end; at += BlockScratch.TilePositions)
        {
            var count = Math.Min(BlockScratch.TilePositions, end - at);
            LoadTile(at, count, values: true);
            LaneProduct.Multiply<TLanes>(Vectors, scratch.Tile, 1, dim, Scores(at - start), result.Values,
                LaneProduct.RoundUp(dim), count, add: at > start);
        }
    }

    /// <summary>An empty total.</summary>
    public void Start()
    {
        var total = scratch.Total;
        new Span<float>(total.Max, width).Fill(float.MinValue);
        new Span<float>(total.Sum, (1 + dim) * width).Clear();
    }

    /// <summary>Adds a span to the total: both are brought to the larger maximum. Nothing changes where a span is wholly hidden.</summary>
    public void Merge(SpanResult part)
    {
        var total = scratch.Total;
        for (var v = 0; v < width; v += TLanes.Count)
        {
            var (a, b) = (TLanes.Load(total.Max + v), TLanes.Load(part.Max + v));
            var max = TLanes.Max(a, b);
            var (keep, add) = (LaneMath.Exp(a - max), LaneMath.Exp(b - max));
            max.Store(total.Max + v);
            for (var i = 0; i <= dim; i++)   // the sum's row, then the values'
            {
                var to = total.Sum + (i * width) + v;
                TLanes.MultiplyAdd(keep, TLanes.Load(to), add * TLanes.Load(part.Sum + (i * width) + v)).Store(to);
            }
        }
    }

    /// <summary>Writes the total, divided by the sums, to the rows of the result.</summary>
    public void Finish()
    {
        var total = scratch.Total;
        for (var lane = 0; lane < block.Lanes; lane++)
        {
            var (row, column) = block.Place(lane, call.Shape);
            var y = call.Y.RowPointer(row) + column;
            var scale = 1 / total.Sum[lane];
            for (var d = 0; d < dim; d++) y[d] = total.Values[(d * width) + lane] * scale;
        }
    }

    float* Scores(int place) => scratch.Scores + (place * width);

    /// <summary>Keys or values of <paramref name="count"/> positions as floats, [positions, headDim], page by page.</summary>
    void LoadTile(int position, int count, bool values)
    {
        var pages = call.Pages;
        var to = scratch.Tile;
        while (count > 0)
        {
            var (page, place) = (call.Page(block.Segment, position), position % pages.PageSize);
            var run = Math.Min(count, pages.PageSize - place);
            pages.Read(values ? pages.Values(page, block.KvHead, place) : pages.Keys(page, block.KvHead, place), to, run * dim);
            (position, count) = (position + run, count - run);
            to += run * dim;
        }
    }

    /// <summary>Scores of what a lane's row does not see become -infinity; few, for a block's rows are neighbours.</summary>
    void Mask(int start, int end)
    {
        for (var lane = 0; lane < block.Lanes; lane++)
        {
            var position = block.Position(lane, call.Shape);
            for (var i = Math.Max(start, position + 1); i < end; i++) Scores(i - start)[lane] = float.NegativeInfinity;
            var hidden = Math.Min(end, call.FirstSeen(position));
            for (var i = start; i < hidden; i++) Scores(i - start)[lane] = float.NegativeInfinity;
        }
    }

    /// <summary>
    /// Scores to exponentials relative to each lane's maximum, which is finite even where all is hidden, so that those become 0.
    /// </summary>
    void Softmax(int count, SpanResult result)
    {
        for (var v = 0; v < width; v += TLanes.Count)
        {
            var (max, sum) = (TLanes.Create(float.MinValue), TLanes.Create(0));
            for (var i = 0; i < count; i++) max = TLanes.Max(max, TLanes.Load(Scores(i) + v));
            for (var i = 0; i < count; i++)
            {
                var weight = LaneMath.Exp(TLanes.Load(Scores(i) + v) - max);
                weight.Store(Scores(i) + v);
                sum += weight;
            }

            max.Store(result.Max + v);
            sum.Store(result.Sum + v);
        }
    }
}
