using System.Runtime.CompilerServices;
using Homegrown.Kernels.Memory;

namespace Homegrown.Kernels.Ops;

/// <summary>
/// The arithmetic of one block of queries: panels of keys and values become floats once, and meet all queries of the block. Lanes
/// are positions in scores and softmax, numbers of valueDim in values.
/// </summary>
readonly unsafe struct BlockAttention<TLanes>(in AttentionCall call, in QueryBlock block, float* scratch)
    where TLanes : struct, ILanes<TLanes>
{
    const int Side = KvPanels.Side;

    // Optimised at the first call: a prompt is read before the runtime would have seen that these loops are hot.
    const MethodImplOptions Hot = MethodImplOptions.AggressiveOptimization;

    readonly AttentionCall call = call;
    readonly QueryBlock block = block;
    readonly int group = call.Group, keyDim = call.Shape.KeyDim, valueDim = call.Shape.ValueDim, rows = block.Tokens * call.Group;
    readonly BlockScratch scratch = new(scratch, call.Shape, block.Tokens * call.Group);
    readonly BlockPanels<TLanes> panels = new(call, block, new(scratch, call.Shape, block.Tokens * call.Group));
    readonly BlockWords<TLanes> words = new(call, block, new(scratch, call.Shape, block.Tokens * call.Group));
    readonly bool inWords = call.InWords(block.Segment);

    /// <summary>What <see cref="Attend"/> is given when its result is merged at once.</summary>
    public SpanResult Part => scratch.Part;

    int PaddedRows => TileProduct.RoundUp(rows);

    /// <summary>Gathers the queries, scaled, as [rows, keyDim]; a row beyond them is zero.</summary>
    [MethodImpl(Hot)]
    public void LoadQueries()
    {
        new Span<float>(scratch.Queries, PaddedRows * keyDim).Clear();
        var scale = inWords ? call.Scale : call.Scale / call.Pages.Keys.Unit;
        for (var row = 0; row < rows; row++)
        {
            var (from, head) = block.Place(row, group);
            float* q = call.Q.RowPointer(from) + (head * keyDim), to = scratch.Queries + (row * keyDim);
            for (var d = 0; d < keyDim; d++) to[d] = q[d] * scale;
            if (inWords) words.Query(row);
        }
    }

    /// <summary>
    /// scale * q·K of the positions of the block's span <paramref name="index"/>, [rows, positions of a span]: without meaning where a
    /// row does not see.
    /// </summary>
    [MethodImpl(Hot)]
    public float* Score(int index)
    {
        var (span, first, end) = Span(index);
        if (!inWords) new Span<float>(scratch.Scores, PaddedRows * QueryBlock.SpanPositions).Clear();
        for (var at = first & -Side; at < end; at += Side)
        {
            var row = FirstRow(at);
            var ahead = at + Side < end ? panels.Key(at + Side, 0) : panels.Value(first, 0);
            if (inWords) words.MultiplyKeys(at, end, row, Scores(row) + at - span, ahead);
            else panels.MultiplyKeys(at, end, scratch.Queries + (row * keyDim), Scores(row) + at - span, PaddedRows - row, ahead);
        }

        return scratch.Scores;
    }

    /// <summary>Attends to the positions of the block's span <paramref name="index"/>.</summary>
    [MethodImpl(Hot)]
    public void Attend(int index, SpanResult result)
    {
        var (span, first, end) = Span(index);
        Score(index);
        if (inWords) words.ScaleValues(span, first, end);
        for (var row = 0; row < rows; row++) Softmax(row, span, first, end, result);
        new Span<float>(result.Values, PaddedRows * result.Columns).Clear();
        for (int at = first, next; at < end; at = next)
        {
            next = Math.Min(end, (at & -KvPages.PageSize) + KvPages.PageSize);
            var row = FirstRow(at);
            for (var d = 0; d < valueDim; d += Side)
            {
                var ahead = d + Side < valueDim ? panels.Value(at, d + Side) : next < end ? panels.Value(next, 0) : null;
                var to = result.Values + (row * result.Columns) + d;
                if (inWords) words.MultiplyValues(at, next, d, row, at - span, to, result.Columns, ahead);
                else panels.MultiplyValues(at, next, d, Scores(row) + at - span, to, result.Columns, PaddedRows - row, ahead);
            }
        }
    }

    /// <summary>A total of nothing but the sinks: scores without values.</summary>
    public void Start()
    {
        var total = scratch.Total;
        for (var row = 0; row < rows; row++)
            (total.Max[row], total.Sum[row]) = call.Sinks == null ? (float.MinValue, 0) : (call.Sinks[block.Place(row, group).Head], 1);
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
            var (to, head) = block.Place(row, group);
            float* y = call.Y.RowPointer(to) + (head * valueDim), from = total.Values + (row * total.Columns);
            var scale = 1 / total.Sum[row];
            for (var d = 0; d < valueDim; d++) y[d] = from[d] * scale;
        }
    }

    /// <summary>Where a span starts, and the first and one after the last of its positions that the block sees.</summary>
    (int Start, int First, int End) Span(int index)
    {
        var span = (block.FirstSpan + index) * QueryBlock.SpanPositions;
        return (span, Math.Max(block.First, span), Math.Min(block.End, span + QueryBlock.SpanPositions));
    }

    float* Scores(int row) => scratch.Scores + (row * QueryBlock.SpanPositions);

    /// <summary>A row before the first that sees <paramref name="position"/>, or that one.</summary>
    int FirstRow(int position)
        => call.BothSides || call.Chosen != null ? 0 : Math.Max(0, position - block.Position(0, group)) * group / TileProduct.RowBlock * TileProduct.RowBlock;

    /// <summary>
    /// A row's scores of positions <paramref name="first"/> to <paramref name="end"/> - 1 become exponentials relative to the
    /// largest; 0 where the row does not see.
    /// </summary>
    [MethodImpl(Hot)]
    void Softmax(int row, int span, int first, int end, SpanResult result)
    {
        var scores = Scores(row) - span;
        var position = block.Position(row, group);
        var (from, to) = call.Chosen != null ? (first, end) : (Math.Max(first, call.FirstSeen(position)), Math.Min(end, call.EndSeen(block.Segment, position)));
        if (from >= to)
        {
            new Span<float>(scores + first, end - first).Clear();
            if (inWords) words.Weights(row, 0, 0, 0);
            (result.Max[row], result.Sum[row]) = (float.MinValue, 0);
            return;
        }

        new Span<float>(scores + first, from - first).Clear();
        new Span<float>(scores + to, end - to).Clear();

        // Whole vectors, counted from the span's start; what they have too much gets no weight.
        var (start, stop) = (from & -TLanes.Count, (to + TLanes.Count - 1) & -TLanes.Count);
        if (call.SoftCap > 0) Cap(scores, start, stop);
        if (call.Slopes != null) Lean(scores, start, stop, position, call.Slopes[block.Place(row, group).Head]);
        if (call.Distances != null) Bias(scores, start, stop, position, block.Place(row, group).Head);
        new Span<float>(scores + start, from - start).Fill(float.NegativeInfinity);
        new Span<float>(scores + to, stop - to).Fill(float.NegativeInfinity);
        var (max, sum) = (TLanes.Create(float.MinValue), TLanes.Create(0));
        for (var i = start; i < stop; i += TLanes.Count) max = TLanes.Max(max, TLanes.Load(scores + i));
        var largest = max.Largest();
        max = TLanes.Create(largest);
        result.Max[row] = largest;
        if (inWords)
        {
            result.Sum[row] = words.Weights(row, start - span, stop - span, largest);
            return;
        }

        var unit = TLanes.Create(1 / call.Pages.Values.Unit);
        for (var i = start; i < stop; i += TLanes.Count)
        {
            var weight = LaneMath.Exp(TLanes.Load(scores + i) - max);
            (weight * unit).Store(scores + i);
            sum += weight;
        }

        result.Sum[row] = sum.Sum();
    }

    [MethodImpl(Hot)]
    void Cap(float* scores, int start, int stop)
    {
        var (cap, inverse) = (TLanes.Create(call.SoftCap), TLanes.Create(1 / call.SoftCap));
        for (var i = start; i < stop; i += TLanes.Count) (cap * LaneMath.Tanh(TLanes.Load(scores + i) * inverse)).Store(scores + i);
    }

    /// <summary>Adds the slope times the steps from the row's own position.</summary>
    [MethodImpl(Hot)]
    void Lean(float* scores, int start, int stop, int position, float slope)
    {
        var steps = stackalloc float[TLanes.Count];
        for (var i = start; i < stop; i += TLanes.Count)
        {
            for (var lane = 0; lane < TLanes.Count; lane++) steps[lane] = PositionAt(i + lane) - position;
            TLanes.MultiplyAdd(TLanes.Create(slope), TLanes.Load(steps), TLanes.Load(scores + i)).Store(scores + i);
        }
    }

    /// <summary>Adds what a head's scores get by their distance from the row's own position.</summary>
    [MethodImpl(Hot)]
    void Bias(float* scores, int start, int stop, int position, int head)
    {
        for (var i = start; i < stop; i++) scores[i] += call.Bias(head, PositionAt(i) - position);
    }

    /// <summary>The position of a place among those that the block attends to; beyond the last of chosen ones that one.</summary>
    int PositionAt(int place) => call.Chosen == null ? place : call.Chosen[block.List + Math.Min(place, block.End - 1)];
}
