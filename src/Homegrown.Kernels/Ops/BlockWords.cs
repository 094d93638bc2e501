using Homegrown.Kernels.Emit;
using Homegrown.Kernels.Memory;

namespace Homegrown.Kernels.Ops;

/// <summary>
/// The products of a block of many rows in 16-bit integers (<see cref="Words"/>): queries, and the weights of a span's positions, become
/// integers where they lie as floats; keys and values page by page, in their turn.
/// </summary>
readonly unsafe struct BlockWords<TLanes>(in AttentionCall call, in QueryBlock block, in BlockScratch scratch)
    where TLanes : struct, ILanes<TLanes>
{
    readonly AttentionCall call = call;
    readonly BlockScratch scratch = scratch;
    readonly BlockPanels<TLanes> panels = new(call, block, scratch);
    readonly int rows = block.Tokens * call.Group, keyDim = call.Shape.KeyDim;

    /// <summary>A row's query becomes integers.</summary>
    public void Query(int row)
    {
        var q = scratch.Queries + (row * keyDim);
        for (var d = 0; d < keyDim; d += Words.Stretch)
        {
            var (largest, count) = (0f, Math.Min(Words.Stretch, keyDim - d));
            for (var i = d; i < d + count; i++) largest = MathF.Max(largest, MathF.Abs(q[i]));
            scratch.QueryScales[(d / Words.Stretch * rows) + row] = Words.Row(q + d, count, largest, (short*)q + d);
        }
    }

    /// <summary>scores[row.., lane] = queries[row..]·key[at + lane], for 32 lanes; from <paramref name="end"/> on without meaning.</summary>
    /// <param name="ahead">What is read next.</param>
    public void MultiplyKeys(int at, int end, int row, float* scores, byte* ahead)
    {
        var keys = panels.LoadKeys(at, end, ahead);
        var queries = (short*)(scratch.Queries + (row * keyDim));
        for (var d = 0; d < keyDim; d += Words.Stretch)
        {
            var (count, stretch) = (Math.Min(Words.Stretch, keyDim - d), d / Words.Stretch);
            Words.Panel(keys + (d * KvPanels.Side), count, call.Pages.Keys.Unit, scratch.Pairs, scratch.PairScales);
            Words.Multiply(
                queries + d, 2 * keyDim, scratch.QueryScales + (stretch * rows) + row, scratch.Pairs, scratch.PairScales,
                scores, QueryBlock.SpanPositions, rows - row, count, adds: d > 0);
        }
    }

    /// <summary>A row's weights become integers, page by page; none of them is larger than 1, and those of other places are zeros.</summary>
    /// <param name="start">The first place of the span that has a weight, in whole vectors.</param>
    /// <param name="stop">One after the last.</param>
    public void Weights(int row, int start, int stop)
    {
        var weights = scratch.Scores + (row * QueryBlock.SpanPositions);
        for (var at = 0; at < QueryBlock.SpanPositions; at += KvPages.PageSize)
        {
            var (from, to) = (Math.Clamp(start, at, at + KvPages.PageSize), Math.Clamp(stop, at, at + KvPages.PageSize));
            scratch.WeightScales[(at / KvPages.PageSize * rows) + row] = Words.Row(weights + from, to - from, 1, (short*)weights + from);
            new Span<short>((short*)weights + at, from - at).Clear();
            new Span<short>((short*)weights + to, at + KvPages.PageSize - to).Clear();
        }
    }

    /// <summary>values[row.., d..d + 31] += weights[row.., i] * value[at + i, d..], for positions of one page up to <paramref name="end"/>.</summary>
    /// <param name="place">Of the first position in its span.</param>
    /// <param name="ahead">What is read next, or null.</param>
    public void MultiplyValues(int at, int end, int d, int row, int place, float* values, nint stride, byte* ahead)
    {
        var skipped = at % WordEmitter.StepTerms;   // their weights are zeros
        var weights = (short*)(scratch.Scores + (row * QueryBlock.SpanPositions)) + place - skipped;
        var loaded = panels.LoadValues(at - skipped, end, d, ahead);
        Words.Panel(loaded, end - at + skipped, call.Pages.Values.Unit, scratch.Pairs, scratch.PairScales);
        Words.Multiply(
            weights, 2 * QueryBlock.SpanPositions, scratch.WeightScales + (place / KvPages.PageSize * rows) + row, scratch.Pairs, scratch.PairScales,
            values, stride, rows - row, Words.RoundUp(end - at + skipped), adds: true);
    }
}
