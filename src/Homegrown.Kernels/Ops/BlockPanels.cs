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
        var (keys, dim) = (call.Pages.Keys, call.Shape.KeyDim);
        if (call.Chosen == null && !keys.PositionsAreRows && IsRead(keys, rows))
            TileProduct.Multiply<TLanes, StoredHalves>(queries, dim, Key(at, 0), scores, QueryBlock.SpanPositions, rows, dim, ahead);
        else
            TileProduct.Multiply<TLanes, StoredFloats>(queries, dim, LoadKeys(at, end, ahead), scores, QueryBlock.SpanPositions, rows, dim);
    }

    /// <summary>values[row, d..d + 31] += weights[row, i] * value[at + i, d..], for positions of one page up to <paramref name="end"/>.</summary>
    /// <param name="ahead">What is read next, or null.</param>
    public void MultiplyValues(int at, int end, int d, float* weights, float* values, nint stride, int rows, byte* ahead)
    {
        if (call.Chosen == null && IsRead(call.Pages.Values, rows))
        {
            var halves = (Half*)Value(at, d) + (at % KvPages.PageSize * Side);
            TileProduct.Multiply<TLanes, StoredHalves>(weights, QueryBlock.SpanPositions, halves, values, stride, rows, end - at, ahead);
            return;
        }

        TileProduct.Multiply<TLanes, StoredFloats>(weights, QueryBlock.SpanPositions, LoadValues(at, end, d, ahead), values, stride, rows, end - at);
    }

    /// <summary>Keys as floats times <see cref="KvPanels.Unit"/>, [keyDim, 32 positions].</summary>
    public float* LoadKeys(int at, int end, byte* ahead)
    {
        var (keys, dim) = (call.Pages.Keys, call.Shape.KeyDim);
        if (call.Chosen == null && !keys.PositionsAreRows) return keys.Load<TLanes>(Key(at, 0), 0, dim, scratch.Tile, ahead);
        if (call.Chosen != null) GatherKeys(at, Math.Min(end - at, Side));
        else
            for (var d = 0; d < dim; d += Side)
                keys.LoadTurned<TLanes>(Key(at, d), scratch.Tile + (d * Side), scratch.Square, d + Side < dim ? Key(at, d + Side) : ahead);
        return scratch.Tile;
    }

    /// <summary>Values of one page as floats times <see cref="KvPanels.Unit"/>, [positions, 32 of valueDim].</summary>
    public float* LoadValues(int at, int end, int d, byte* ahead)
    {
        var values = call.Pages.Values;
        if (call.Chosen == null)
        {
            var panel = Value(at, d);
            var first = at % KvPages.PageSize;
            return values.Load<TLanes>(panel, first, first + end - at, scratch.Tile, ahead == null ? panel : ahead) + (first * Side);
        }

        for (var i = at; i < end; i++) values.LoadRow<TLanes>(Value(Chosen(i), d), Chosen(i) % Side, scratch.Tile + ((i - at) * Side));
        return scratch.Tile;
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

    /// <summary>Few rows take the numbers apart as they come from memory; for more they become floats first.</summary>
    static bool IsRead(KvPanels panels, int rows) => panels.Type == KvType.F16 && rows <= 8;
}
