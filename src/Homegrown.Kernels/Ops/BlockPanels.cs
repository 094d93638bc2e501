using Homegrown.Kernels.Memory;

namespace Homegrown.Kernels.Ops;

/// <summary>
/// Where a block's keys and values come from: panels of neighbouring positions, as they are stored, or chosen positions, gathered
/// into a panel. Positions are counted in the sequence, or along the list.
/// </summary>
readonly unsafe struct BlockPanels<TLanes>(in AttentionCall call, in QueryBlock block, in BlockScratch scratch)
    where TLanes : struct, ILanes<TLanes>
{
    const int Side = KvPanels.Side;

    readonly AttentionCall call = call;
    readonly QueryBlock block = block;
    readonly BlockScratch scratch = scratch;

    /// <summary>scores[row, lane] += queries[row]·key[at + lane], for 32 lanes; from <paramref name="end"/> on without meaning.</summary>
    /// <param name="ahead">What is read next.</param>
    public void MultiplyKeys(int at, int end, float* queries, float* scores, int rows, byte* ahead)
    {
        var dim = call.Shape.KeyDim;
        if (call.Chosen != null)
        {
            GatherKeys(at, Math.Min(end - at, Side));
        }
        else if (call.Pages.Keys.PositionsAreRows)
        {
            for (var d = 0; d < dim; d += Side)
                call.Pages.Keys.LoadTurned<TLanes>(Key(at, d), scratch.Tile + (d * Side), scratch.Square, d + Side < dim ? Key(at, d + Side) : ahead);
        }
        else
        {
            Multiply(call.Pages.Keys, Key(at, 0), 0, dim, queries, dim, scores, QueryBlock.SpanPositions, rows, ahead);
            return;
        }

        TileProduct.Multiply<TLanes, StoredFloats>(queries, dim, scratch.Tile, scores, QueryBlock.SpanPositions, rows, dim);
    }

    /// <summary>values[row, d..d + 31] += weights[row, i] * value[at + i, d..], for positions of one page up to <paramref name="end"/>.</summary>
    /// <param name="ahead">What is read next, or null.</param>
    public void MultiplyValues(int at, int end, int d, float* weights, float* values, nint stride, int rows, byte* ahead)
    {
        if (call.Chosen == null)
        {
            Multiply(call.Pages.Values, Value(at, d), at % KvPages.PageSize, end - at, weights, QueryBlock.SpanPositions, values, stride, rows, ahead);
            return;
        }

        for (var i = at; i < end; i++)
            call.Pages.Values.LoadRow<TLanes>(Value(Chosen(i), d), Chosen(i) % Side, scratch.Tile + ((i - at) * Side));
        TileProduct.Multiply<TLanes, StoredFloats>(weights, QueryBlock.SpanPositions, scratch.Tile, values, stride, rows, end - at);
    }

    /// <summary>Where number d of the key at a position of the sequence is, as a square.</summary>
    public byte* Key(int position, int d)
        => call.Pages.KeySquare(call.Page(block.Segment, position), block.KvHead, position % KvPages.PageSize, d);

    /// <summary>Where the values of a position's page from number d on are, as a panel; of a chosen position, as a square.</summary>
    public byte* Value(int position, int d)
        => call.Pages.ValueSquare(call.Page(block.Segment, position), block.KvHead, call.Chosen == null ? 0 : position % KvPages.PageSize, d);

    int Chosen(int i) => call.Chosen[block.List + i];

    void GatherKeys(int at, int count)
    {
        var keys = call.Pages.Keys;
        for (var d = 0; d < call.Shape.KeyDim; d += Side)
        {
            var tile = scratch.Tile + (d * Side);
            for (var i = 0; i < count; i++)
            {
                var position = Chosen(at + i);
                if (keys.PositionsAreRows) keys.LoadRow<TLanes>(Key(position, d), position % Side, scratch.Square + (i * Side));
                else keys.LoadColumn(Key(position, d), position % Side, tile + i, Math.Min(Side, call.Shape.KeyDim - d));
            }

            if (keys.PositionsAreRows) KvPanels.Turn(scratch.Square, tile);
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
}
