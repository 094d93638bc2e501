using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Homegrown.Kernels.Emit;
using Homegrown.Kernels.Threading;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>
/// Activations in bfloat16 as AMX takes them: tiles of [16 tokens, 32 columns], the steps of columns of 16 tokens one after the
/// other, so that a product reads memory in one stream. Each errs by 2^-8 of itself at most.
/// </summary>
readonly unsafe struct AmxRows
{
    const int Tokens = TileConfiguration.MaxRows, Columns = AmxCall.StepColumns;

    readonly byte* tiles;

    AmxRows(Tensor x)
    {
        TileBytes = (long)x.Columns / Columns * AmxCall.TileBytes;
        tiles = x.Compute.Arena.Take((x.Rows + Tokens - 1) / Tokens * TileBytes);
    }

    /// <summary>There are any: the products of this call run in tiles.</summary>
    internal bool Exist => tiles != null;

    /// <summary>From the tiles of 16 tokens to those of the next.</summary>
    internal long TileBytes { get; }

    /// <summary>The tile that a token, the first of 16, begins, at a step of columns.</summary>
    internal ushort* Tile(int token, int step) => (ushort*)(tiles + (token / Tokens * TileBytes) + ((long)step * AmxCall.TileBytes));

    /// <summary>Rounds all rows of x, whose columns are a multiple of 32, into arena memory.</summary>
    internal static AmxRows From(Tensor x)
    {
        var rows = new AmxRows(x);
        var job = new Job { X = x, Rows = rows };
        x.Compute.Pool.Run(x.Rows, ref job);
        return rows;
    }

    struct Job : IJob
    {
        public Tensor X;
        public AmxRows Rows;

        public readonly void Run(int row)
            => Round(X.RowPointer(row), Rows.Tile(row, 0) + (row % Tokens * Columns), X.Columns / Columns);
    }

    /// <summary>A line of each tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Round(float* from, ushort* to, int steps)
    {
        for (; steps > 0; steps--, from += Columns, to += AmxCall.TileBytes / sizeof(ushort)) BrainRows.Round(from).Store(to);
    }
}
