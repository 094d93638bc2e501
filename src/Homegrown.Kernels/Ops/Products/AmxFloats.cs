using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Homegrown.Kernels.Emit;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>16 rows of F16 or BF16 weights as AMX takes them: rounded to bfloat16 and turned, a tile for 32 columns, [16 pairs of columns, 16 rows, 2].</summary>
static unsafe class AmxFloats
{
    const int Lanes = TileConfiguration.MaxRows, RowBytes = AmxCall.StepColumns * sizeof(ushort);

    /// <summary>Rows from <paramref name="first"/> on; where there are fewer, the last one again.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Unpack(Weight w, int first, byte* to)
    {
        var square = stackalloc byte[AmxCall.TileBytes];
        for (nint at = 0; at < w.RowBytes; at += RowBytes, to += AmxCall.TileBytes)
        {
            for (var lane = 0; lane < Lanes; lane++)
            {
                var row = w.Data + (Math.Min(first + lane, w.Rows - 1) * w.RowBytes) + at;
                var values = w.Type == TensorType.BF16
                    ? Vector512.Load((ushort*)row)
                    : BrainRows.Round(Lanes512.LoadHalves(row), Lanes512.LoadHalves(row + (RowBytes / 2)));
                values.Store((ushort*)(square + (lane * RowBytes)));
            }

            for (var corner = 0; corner < 4; corner++) Turn(square + (corner / 2 * 8 * RowBytes) + (corner % 2 * RowBytes / 2), to + (corner % 2 * 8 * RowBytes) + (corner / 2 * RowBytes / 2));
        }
    }

    /// <summary>8 by 8 pairs, of squares of 16 by 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Turn(byte* from, byte* to)
    {
        Squares.Turn(
            Row(from, 0), Row(from, 1), Row(from, 2), Row(from, 3), Row(from, 4), Row(from, 5), Row(from, 6), Row(from, 7),
            out var a, out var b, out var c, out var d, out var e, out var f, out var g, out var h);
        a.Store((int*)to);
        b.Store((int*)(to + RowBytes));
        c.Store((int*)(to + (2 * RowBytes)));
        d.Store((int*)(to + (3 * RowBytes)));
        e.Store((int*)(to + (4 * RowBytes)));
        f.Store((int*)(to + (5 * RowBytes)));
        g.Store((int*)(to + (6 * RowBytes)));
        h.Store((int*)(to + (7 * RowBytes)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> Row(byte* square, int row) => Vector256.Load((int*)(square + (row * RowBytes)));
}
