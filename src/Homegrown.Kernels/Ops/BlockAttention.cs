using System.Runtime.CompilerServices;
using Homegrown.Kernels.Memory;

namespace Homegrown.Kernels.Ops;

/// <summary>
/// The arithmetic of one block of queries: panels of keys and values become floats once, and meet all queries of the block. Lanes
/// are positions in scores and softmax, numbers of headDim in values.
/// </summary>
readonly unsafe struct BlockAttention<TLanes>(in AttentionCall call, in QueryBlock block, float* scratch)
    where TLanes : struct, ILanes<TLanes>
{
    const int Side = KvPanels.Side;

    // Optimised at the first call: a prompt is read before the runtime would have seen that these loops are hot.
    const MethodImplOptions Hot = MethodImplOptions.AggressiveOptimization;

    readonly AttentionCall call = call;
    readonly QueryBlock block = block;
    readonly int group = call.Group, dim = call.Shape.HeadDim, rows = block.Tokens * call.Group;
    readonly BlockScratch scratch = new(scratch, call.Shape.HeadDim, block.Tokens * call.Group);

    /// <summary>What <see cref="Attend"/> is given when its result is merged at once.</summary>
    public SpanResult Part => scratch.Part;

    int PaddedRows => TileProduct.RoundUp(rows);

    /// <summary>Gathers the queries, scaled, as [rows, headDim]; a row beyond them is zero.</summary>
    [MethodImpl(Hot)]
    public void LoadQueries()
    {
        new Span<float>(scratch.Queries, PaddedRows * dim).Clear();
        var scale = call.Scale / call.Pages.Keys.Unit;
        for (var row = 0; row < rows; row++)
        {
            var (from, column) = block.Place(row, group, dim);
            float* q = call.Q.RowPointer(from) + column, to = scratch.Queries + (row * dim);
            for (var d = 0; d < dim; d++) to[d] = q[d] * scale;
        }
    }

    /// <summary>Attends to the positions of the block's span <paramref name="index"/>.</summary>
    [MethodImpl(Hot)]
    public void Attend(int index, SpanResult result)
    {
        var span = (block.FirstSpan + index) * QueryBlock.SpanPositions;
        var (first, end) = (Math.Max(block.First, span), Math.Min(block.End, span + QueryBlock.SpanPositions));
        new Span<float>(scratch.Scores, PaddedRows * QueryBlock.SpanPositions).Clear();
        for (var at = first & -Side; at < end; at += Side)
        {
            var row = FirstRow(at);
            var ahead = at + Side < end ? Keys(at + Side) : Values(first, 0);
            Multiply(call.Pages.Keys, Keys(at), 0, dim, scratch.Queries + (row * dim), dim,
                Scores(row) + at - span, QueryBlock.SpanPositions, PaddedRows - row, ahead);
        }

        for (var row = 0; row < rows; row++) Softmax(row, span, first, end, result);
        new Span<float>(result.Values, PaddedRows * result.Columns).Clear();
        for (int at = first, next; at < end; at = next)
        {
            next = Math.Min(end, (at & -KvPages.PageSize) + KvPages.PageSize);
            var row = FirstRow(at);
            for (var d = 0; d < dim; d += Side)
            {
                var ahead = d + Side < dim ? Values(at, d + Side) : next < end ? Values(next, 0) : null;
                Multiply(call.Pages.Values, Values(at, d), at % KvPages.PageSize, next - at, Scores(row) + at - span, QueryBlock.SpanPositions,
                    result.Values + (row * result.Columns) + d, result.Columns, PaddedRows - row, ahead);
            }
        }
    }

    /// <summary>
    /// Adds a product with rows first to first + count - 1 of a panel. Few rows take the numbers apart as they come from memory; for
    /// more they become floats first.
    /// </summary>
    void Multiply(KvPanels panels, byte* panel, int first, int count, float* a, nint aStride, float* c, nint cStride, int paddedRows, byte* ahead)
    {
        if (panels.Type == KvType.F16 && paddedRows <= 8)
        {
            var halves = (Half*)panel + (first * Side);
            TileProduct.Multiply<TLanes, StoredHalves>(a, aStride, halves, c, cStride, paddedRows, count, ahead);
            return;
        }

        var tile = panels.Load<TLanes>(panel, first, first + count, scratch.Tile, ahead == null ? panel : ahead);
        TileProduct.Multiply<TLanes, StoredFloats>(a, aStride, tile + (first * Side), c, cStride, paddedRows, count);
    }

    /// <summary>An empty total.</summary>
    public void Start()
    {
        var total = scratch.Total;
        new Span<float>(total.Max, rows).Fill(float.MinValue);
        new Span<float>(total.Sum, rows).Clear();
        new Span<float>(total.Values, rows * total.Columns).Clear();
    }

    /// <summary>Adds a span to the total: both are brought to the larger maximum. Nothing changes where a span is wholly hidden.</summary>
    [MethodImpl(Hot)]
    public void Merge(SpanResult part)
    {
        var total = scratch.Total;
        for (var row = 0; row < rows; row++)
        {
            var max = Math.Max(total.Max[row], part.Max[row]);
            var (keepSum, addSum) = (MathF.Exp(total.Max[row] - max), MathF.Exp(part.Max[row] - max));
            (total.Max[row], total.Sum[row]) = (max, (total.Sum[row] * keepSum) + (part.Sum[row] * addSum));
            var (keep, add) = (TLanes.Create(keepSum), TLanes.Create(addSum));
            float* to = total.Values + (row * total.Columns), from = part.Values + (row * total.Columns);
            for (var d = 0; d < total.Columns; d += TLanes.Count)
                TLanes.MultiplyAdd(keep, TLanes.Load(to + d), add * TLanes.Load(from + d)).Store(to + d);
        }
    }

    /// <summary>Writes the total, divided by the sums, to the rows of the result.</summary>
    [MethodImpl(Hot)]
    public void Finish()
    {
        var total = scratch.Total;
        for (var row = 0; row < rows; row++)
        {
            var (to, column) = block.Place(row, group, dim);
            float* y = call.Y.RowPointer(to) + column, from = total.Values + (row * total.Columns);
            var scale = 1 / total.Sum[row];
            for (var d = 0; d < dim; d++) y[d] = from[d] * scale;
        }
    }

    float* Scores(int row) => scratch.Scores + (row * QueryBlock.SpanPositions);

    /// <summary>A row before the first that sees <paramref name="position"/>, or that one.</summary>
    int FirstRow(int position) => Math.Max(0, position - block.Position(0, group)) * group / TileProduct.RowBlock * TileProduct.RowBlock;

    byte* Keys(int position)
        => call.Pages.KeySquare(call.Page(block.Segment, position), block.KvHead, position % KvPages.PageSize, 0);

    byte* Values(int position, int d)
        => call.Pages.ValueSquare(call.Page(block.Segment, position), block.KvHead, 0, d);

    /// <summary>
    /// A row's scores of positions <paramref name="first"/> to <paramref name="end"/> - 1 become exponentials relative to the
    /// largest; 0 where the row does not see.
    /// </summary>
    [MethodImpl(Hot)]
    void Softmax(int row, int span, int first, int end, SpanResult result)
    {
        var scores = Scores(row) - span;
        var position = block.Position(row, group);
        var (from, to) = (Math.Max(first, call.FirstSeen(position)), Math.Min(end, position + 1));
        if (from >= to)
        {
            new Span<float>(scores + first, end - first).Clear();
            (result.Max[row], result.Sum[row]) = (float.MinValue, 0);
            return;
        }

        new Span<float>(scores + first, from - first).Clear();
        new Span<float>(scores + to, end - to).Clear();

        // Whole vectors, counted from the span's start; what they have too much gets no weight.
        var (start, stop) = (from & -TLanes.Count, (to + TLanes.Count - 1) & -TLanes.Count);
        new Span<float>(scores + start, from - start).Fill(float.NegativeInfinity);
        new Span<float>(scores + to, stop - to).Fill(float.NegativeInfinity);
        var (max, sum) = (TLanes.Create(float.MinValue), TLanes.Create(0));
        for (var i = start; i < stop; i += TLanes.Count) max = TLanes.Max(max, TLanes.Load(scores + i));
        var largest = max.Largest();
        max = TLanes.Create(largest);
        var unit = TLanes.Create(1 / call.Pages.Values.Unit);
        for (var i = start; i < stop; i += TLanes.Count)
        {
            var weight = LaneMath.Exp(TLanes.Load(scores + i) - max);
            (weight * unit).Store(scores + i);
            sum += weight;
        }

        (result.Max[row], result.Sum[row]) = (largest, sum.Sum());
    }
}
