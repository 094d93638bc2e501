using System.Runtime.InteropServices;

namespace Homegrown.Kernels.Emit;

/// <summary>
/// What a product of bfloat16 tiles is given: adds to y, [tokens, rows], the products of x, [tokens, steps of 32 columns], with up
/// to two panels of weights. The kernel reads these by their offsets.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
unsafe struct AmxCall
{
    public const int XAt = 64, XTileBytesAt = 72, PairsAt = 80, PanelBytesAt = 88, YAt = 96, YBytesAt = 104, StepsAt = 112, BlocksAt = 120;

    /// <summary>Columns that a tile multiplies: 16 pairs.</summary>
    public const int StepColumns = 32;

    /// <summary>Of a full tile, and from a tile to the next step's.</summary>
    public const int TileBytes = TileConfiguration.MaxRows * TileConfiguration.MaxRowBytes;

    /// <summary>Tokens, and rows of weights, that a kernel multiplies at once: two tiles of each.</summary>
    public const int BlockTokens = 2 * TileConfiguration.MaxRows, BlockRows = 2 * TileConfiguration.MaxRows;

    public const int SumsTile = 0, XTile = 4, PairsTile = 6;

    /// <summary>
    /// Sums in tiles 0 to 3, [token tile, panel]; tokens in 4 and 5, [16 tokens, 32 columns]; weights in 6 and 7, [16 pairs of
    /// columns, 16 rows, 2]. Its shapes say how many tokens and rows there are.
    /// </summary>
    public TileConfiguration Configuration;

    /// <summary>The first tile of tokens, and bytes to the next 16 tokens'. The kernel moves it on.</summary>
    public ushort* X;
    public long XTileBytes;

    /// <summary>The first tile of a panel's pairs, and bytes to the next panel's.</summary>
    public ushort* Pairs;
    public long PanelBytes;

    /// <summary>The first token's outputs, and bytes to the next token's. The kernel moves it on.</summary>
    public float* Y;
    public long YBytes;

    /// <summary>Of columns.</summary>
    public long Steps;

    /// <summary>Blocks of <see cref="BlockTokens"/> tokens, or one of fewer: the kernel counts it down.</summary>
    public long Blocks;

    /// <summary>Of a block.</summary>
    public readonly int Tokens => Configuration[SumsTile].Rows + Configuration[SumsTile + 2].Rows;

    /// <summary>Of both panels.</summary>
    public readonly int Rows => (Configuration[PairsTile].RowBytes + Configuration[PairsTile + 1].RowBytes) / sizeof(float);

    /// <summary>Shapes for blocks of 1 to 32 tokens by 1 to 32 rows: what lies beyond is neither read nor written.</summary>
    public void Shape(int tokens, int rows)
    {
        for (var i = 0; i < 2; i++)
        {
            var tokensOfTile = Of(tokens, i);
            for (var panel = 0; panel < 2; panel++) Configuration.Shape(SumsTile + (2 * i) + panel, tokensOfTile, Of(rows, panel) * sizeof(float));
            Configuration.Shape(XTile + i, tokensOfTile, StepColumns * sizeof(ushort));
            Configuration.Shape(PairsTile + i, StepColumns / 2, Of(rows, i) * sizeof(float));
        }

        static int Of(int count, int tile) => Math.Clamp(count - (tile * TileConfiguration.MaxRows), 0, TileConfiguration.MaxRows);
    }
}
