using Homegrown.Kernels.Memory;

namespace Homegrown.Kernels.Ops;

/// <summary>A thread's memory while it works on a block of so many rows.</summary>
readonly unsafe struct BlockScratch(float* data, AttentionShape shape, int rows)
{
    public static long Floats(AttentionShape shape, int rows)
        => TileFloats(shape) + KvPanels.Numbers + ((long)TileProduct.RoundUp(rows) * (shape.KeyDim + QueryBlock.SpanPositions)) + (2 * SpanResult.Floats(shape, rows))
            + WordFloats(shape, rows);

    /// <summary>A panel of keys or values: [keyDim in whole squares or positions of a page, 32].</summary>
    public float* Tile => data;

    /// <summary>[32, 32], to be turned.</summary>
    public float* Square => Tile + TileFloats(shape);

    /// <summary>[rows, positions of a span].</summary>
    public float* Scores => Square + KvPanels.Numbers;

    public SpanResult Part => new(Scores + ((long)TileProduct.RoundUp(rows) * QueryBlock.SpanPositions), shape, rows);

    public SpanResult Total => new(Part.Max + SpanResult.Floats(shape, rows), shape, rows);

    /// <summary>[rows, keyDim].</summary>
    public float* Queries => Total.Max + SpanResult.Floats(shape, rows);

    /// <summary>A panel as integers, [terms / 2, 32, 2].</summary>
    public short* Pairs => (short*)(Queries + ((long)TileProduct.RoundUp(rows) * shape.KeyDim));

    /// <summary>What 1 stands for in a panel's lanes, [32]: of keys; 1 of values.</summary>
    public float* LaneScales => (float*)(Pairs + TileFloats(shape));

    /// <summary>In the values of a span, [positions].</summary>
    public float* ValueScales => LaneScales + KvPanels.Side;

    /// <summary>In the queries, [stretches, rows].</summary>
    public float* QueryScales => ValueScales + QueryBlock.SpanPositions;

    /// <summary>In the weights, [rows].</summary>
    public float* WeightScales => QueryScales + ((long)Stretches(shape) * rows);

    static long WordFloats(AttentionShape shape, int rows)
        => (TileFloats(shape) / 2) + KvPanels.Side + QueryBlock.SpanPositions + ((Stretches(shape) + 1L) * rows);

    static int Stretches(AttentionShape shape) => ((shape.KeyDim - 1) / Words.Stretch) + 1;

    static long TileFloats(AttentionShape shape) => (long)Math.Max(KvPanels.Squares(shape.KeyDim) * KvPanels.Side, KvPages.PageSize) * KvPanels.Side;
}

/// <summary>
/// Softmax of some positions and their weighted values, for each row: a maximum, a sum of exponentials, and values, [rows, Columns].
/// </summary>
readonly unsafe struct SpanResult(float* data, AttentionShape shape, int rows)
{
    // Vectors are aligned to their lines.
    const int Line = 16;

    /// <summary>valueDim, rounded up to whole panels.</summary>
    public int Columns => KvPanels.Squares(shape.ValueDim) * KvPanels.Side;

    public float* Max => data;

    public float* Sum => data + Rounded(rows);

    public float* Values => data + (2 * Rounded(rows));

    public static long Floats(AttentionShape shape, int rows)
        => (2 * Rounded(rows)) + ((long)TileProduct.RoundUp(rows) * KvPanels.Squares(shape.ValueDim) * KvPanels.Side);

    static int Rounded(int rows) => (rows + Line - 1) & -Line;
}
