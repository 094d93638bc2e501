using Homegrown.Kernels.Memory;

namespace Homegrown.Kernels.Ops;

/// <summary>A thread's memory while it works on a block of so many rows.</summary>
readonly unsafe struct BlockScratch(float* data, int headDim, int rows)
{
    public static long Floats(int headDim, int rows)
        => TileFloats(headDim) + ((long)TileProduct.RoundUp(rows) * (headDim + QueryBlock.SpanPositions)) + (2 * SpanResult.Floats(headDim, rows));

    /// <summary>A panel of keys or values: [headDim or positions of a page, 32].</summary>
    public float* Tile => data;

    /// <summary>[rows, positions of a span].</summary>
    public float* Scores => Tile + TileFloats(headDim);

    public SpanResult Part => new(Scores + ((long)TileProduct.RoundUp(rows) * QueryBlock.SpanPositions), headDim, rows);

    public SpanResult Total => new(Part.Max + SpanResult.Floats(headDim, rows), headDim, rows);

    /// <summary>[rows, headDim].</summary>
    public float* Queries => Total.Max + SpanResult.Floats(headDim, rows);

    static long TileFloats(int headDim) => (long)Math.Max(headDim, KvPages.PageSize) * KvPanels.Side;
}

/// <summary>
/// Softmax of some positions and their weighted values, for each row: a maximum, a sum of exponentials, and values, [rows, Columns].
/// </summary>
readonly unsafe struct SpanResult(float* data, int headDim, int rows)
{
    // Vectors are aligned to their lines.
    const int Line = 16;

    /// <summary>headDim, rounded up to whole panels.</summary>
    public int Columns => KvPanels.Squares(headDim) * KvPanels.Side;

    public float* Max => data;

    public float* Sum => data + Rounded(rows);

    public float* Values => data + (2 * Rounded(rows));

    public static long Floats(int headDim, int rows)
        => (2 * Rounded(rows)) + ((long)TileProduct.RoundUp(rows) * KvPanels.Squares(headDim) * KvPanels.Side);

    static int Rounded(int rows) => (rows + Line - 1) & -Line;
}
