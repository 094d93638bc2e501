using Homegrown.Kernels.Memory;

namespace Homegrown.Kernels.Ops;

/// <summary>
/// The products of a block of many rows in 16-bit integers (<see cref="Words"/>): queries, and the weights of a span's positions, become
/// integers where they lie as floats; keys and values a panel at a time, when it is their turn.
/// </summary>
readonly unsafe struct BlockWords<TLanes>(in AttentionCall call, in QueryBlock block, in BlockScratch scratch)
    where TLanes : struct, ILanes<TLanes>
{
    const int Span = QueryBlock.SpanPositions;

    readonly AttentionCall call = call;
    readonly BlockScratch scratch = scratch;
    readonly BlockPanels<TLanes> panels = new(call, block, scratch);
    readonly int rows = block.Tokens * call.Group, keyDim = call.Shape.KeyDim, valueDim = call.Shape.ValueDim;

    /// <summary>A row's query becomes integers.</summary>
    public void Query(int row)
    {
        var q = scratch.Queries + (row * keyDim);
        for (var d = 0; d < keyDim; d += Words.Stretch)
            scratch.QueryScales[(d / Words.Stretch * rows) + row] = WordRows.Query(q + d, Math.Min(Words.Stretch, keyDim - d), (short*)q + d);
    }

    /// <summary>scores[row.., lane] = queries[row..]·key[at + lane], for 32 lanes; from <paramref name="end"/> on without meaning.</summary>
    /// <param name="ahead">What is read next.</param>
    public void MultiplyKeys(int at, int end, int row, float* scores, byte* ahead)
    {
        var keys = panels.LoadKeys(at, end, ahead);
        var queries = (short*)(scratch.Queries + (row * keyDim));
        for (var d = 0; d < keyDim; d += Words.Stretch)
        {
            var (count, scales) = (Math.Min(Words.Stretch, keyDim - d), d / Words.Stretch * rows);
            WordPanels.Keys(keys + (d * KvPanels.Side), count, call.Pages.Keys.Unit, scratch.Pairs, scratch.LaneScales);
            Words.Multiply(queries + d, 2 * keyDim, scratch.QueryScales + scales + row, scratch.Pairs, scratch.LaneScales, scores, Span, rows - row, count, adds: d > 0);
        }
    }

    /// <summary>Finds the scales of a span's values, of positions <paramref name="first"/> to <paramref name="end"/> - 1.</summary>
    public void ScaleValues(int span, int first, int end)
    {
        var scales = scratch.ValueScales;
        new Span<float>(scales, Span).Clear();
        new Span<float>(scratch.LaneScales, KvPanels.Side).Fill(1);
        for (int at = first, next; at < end; at = next)
        {
            next = Math.Min(end, (at & -KvPages.PageSize) + KvPages.PageSize);
            for (var d = 0; d < valueDim; d += KvPanels.Side)
                WordPanels.Largest(panels.LoadValues(at, next, d, null), next - at, Math.Min(KvPanels.Side, valueDim - d), scales + at - span);
        }

        for (var i = 0; i < Span; i++) scales[i] = Math.Max(scales[i] / call.Pages.Values.Unit, Words.Smallest) / Words.Largest;
    }

    /// <summary>
    /// A row's scores of a span become weights relative to the <paramref name="largest"/>, integers in the first half of their memory; zeros
    /// but for <paramref name="start"/> to <paramref name="stop"/> - 1, whole vectors. Returns their sum.
    /// </summary>
    public float Weights(int row, int start, int stop, float largest)
    {
        (scratch.WeightScales[row], var sum) = WordRows.Weights(scratch.Scores + (row * Span), scratch.ValueScales, Span, start, stop, largest);
        return sum;
    }

    /// <summary>values[row.., d..d + 31] += weights[row.., i] * value[at + i, d..], for positions of one page up to <paramref name="end"/>.</summary>
    /// <param name="place">Of the first position in its span.</param>
    /// <param name="ahead">What is read next, or null.</param>
    public void MultiplyValues(int at, int end, int d, int row, int place, float* values, nint stride, byte* ahead)
    {
        var skipped = at % KvPanels.Side;   // their weights are zeros
        var count = end - at + skipped;
        var weights = (short*)(scratch.Scores + (row * Span)) + place - skipped;
        WordPanels.Values(panels.LoadValues(at - skipped, end, d, ahead), count, call.Pages.Values.Unit, scratch.ValueScales + place - skipped, scratch.Pairs);
        Words.Multiply(
            weights, 2 * Span, scratch.WeightScales + row, scratch.Pairs, scratch.LaneScales, values, stride, rows - row, KvPanels.Squares(count) * KvPanels.Side, adds: true);
    }
}
