namespace Homegrown.Kernels.Ops;

/// <summary>A thread's memory while it works on a block.</summary>
readonly unsafe struct BlockScratch(float* data, int headDim, int width)
{
    /// <summary>Positions converted to float at a time: with 64 of headDim, keys, queries and scores stay in the first cache.</summary>
    public const int TilePositions = 64;

    public static long Floats(int headDim, int width)
        => QueryFloats(headDim, width) + TileFloats(headDim) + ScoreFloats(width) + (2 * SpanResult.Floats(headDim, width));

    /// <summary>[headDim, lanes].</summary>
    public float* Queries => data;

    /// <summary>[positions, headDim], and a row block more, since <see cref="LaneProduct"/> reads whole ones.</summary>
    public float* Tile => Queries + QueryFloats(headDim, width);

    /// <summary>[positions of a span, lanes].</summary>
    public float* Scores => Tile + TileFloats(headDim);

    public SpanResult Part => new(Scores + ScoreFloats(width), width);

    public SpanResult Total => new(Scores + ScoreFloats(width) + SpanResult.Floats(headDim, width), width);

    static long QueryFloats(int headDim, int width) => (long)headDim * width;

    static long TileFloats(int headDim) => (TilePositions * (long)headDim) + LaneProduct.RowBlock;

    static long ScoreFloats(int width) => (long)LaneBlock.SpanPositions * width;
}

/// <summary>Softmax of some positions and their weighted values: a maximum and a sum of exponentials, [2, lanes], then values, [headDim, lanes].</summary>
readonly unsafe struct SpanResult(float* data, int width)
{
    public static long Floats(int headDim, int width) => (2L + LaneProduct.RoundUp(headDim)) * width;

    public float* Max => data;

    public float* Sum => data + width;

    public float* Values => data + (2 * width);
}
