using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Homegrown.Kernels.Emit;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>
/// 16 rows of a weight that has no codes (floats, and formats that are decoded to floats) as AMX takes them: rounded to bfloat16 and
/// turned, a tile for 32 columns, [16 pairs of columns, 16 rows, 2].
/// </summary>
static unsafe class AmxFloats
{
    /// <summary>Decoded at once: a multiple of every block.</summary>
    const int MaxColumns = 256;

    const int Lanes = TileConfiguration.MaxRows, TileRowBytes = AmxCall.StepColumns * sizeof(ushort), RowBytes = MaxColumns * sizeof(ushort);

    /// <summary>Rows from <paramref name="first"/> on; where there are fewer, the last one again.</summary>
    internal static void Unpack(Weight w, int first, byte* to)
    {
        var square = stackalloc byte[Lanes * RowBytes];
        var floats = stackalloc float[MaxColumns];
        for (var column = 0; column < w.Columns; column += MaxColumns)
        {
            var (columns, at) = (Math.Min(MaxColumns, w.Columns - column), QuantFormats.RowBytes(w.Type, column));
            var bytes = (int)QuantFormats.RowBytes(w.Type, columns);
            for (var lane = 0; lane < Lanes; lane++)
            {
                var from = w.Data + (Math.Min(first + lane, w.Rows - 1) * w.RowBytes) + at;
                var row = (ushort*)(square + (lane * RowBytes));
                if (w.Type == TensorType.BF16)
                {
                    new ReadOnlySpan<byte>(from, bytes).CopyTo(new(row, RowBytes));
                    continue;
                }

                QuantFormats.Dequantize(w.Type, new(from, bytes), new(floats, columns));
                BrainRows.Round(floats, row, columns);
            }

            for (var step = 0; step < columns; step += AmxCall.StepColumns, to += AmxCall.TileBytes) Turn(square + (step * sizeof(ushort)), to);
        }
    }

    /// <summary>16 by 16 pairs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Turn(byte* from, byte* to)
    {
        const int Half = TileRowBytes / 2;
        TurnQuarter(from, to);
        TurnQuarter(from + Half, to + (8 * TileRowBytes));
        TurnQuarter(from + (8 * RowBytes), to + Half);
        TurnQuarter(from + (8 * RowBytes) + Half, to + (8 * TileRowBytes) + Half);
    }

    /// <summary>8 by 8 pairs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void TurnQuarter(byte* from, byte* to)
    {
        Squares.Turn(
            Row(from, 0), Row(from, 1), Row(from, 2), Row(from, 3), Row(from, 4), Row(from, 5), Row(from, 6), Row(from, 7),
            out var a, out var b, out var c, out var d, out var e, out var f, out var g, out var h);
        a.Store((int*)to);
        b.Store((int*)(to + TileRowBytes));
        c.Store((int*)(to + (2 * TileRowBytes)));
        d.Store((int*)(to + (3 * TileRowBytes)));
        e.Store((int*)(to + (4 * TileRowBytes)));
        f.Store((int*)(to + (5 * TileRowBytes)));
        g.Store((int*)(to + (6 * TileRowBytes)));
        h.Store((int*)(to + (7 * TileRowBytes)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> Row(byte* square, int row) => Vector256.Load((int*)(square + (row * RowBytes)));
}
