using System.Runtime.CompilerServices;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>
/// Some rows of a weight side by side, a row to a lane, with their scales and minima as vectors of lanes. Where fewer rows are
/// left than there are lanes, a copy repeats the last one, and what its lanes compute is not written.
/// </summary>
readonly unsafe struct Strip<TFormat>
    where TFormat : struct, ICodedFormat
{
    readonly int parts, lanes;
    readonly float* scales;
    readonly byte* copy;

    /// <param name="memory"><see cref="Bytes"/> of memory.</param>
    internal Strip(byte* memory, Weight w, int lanes)
    {
        this.lanes = lanes;
        parts = w.Columns / Blocks.PartSize;
        scales = (float*)memory;
        copy = (byte*)(Mins + ((long)parts * lanes));
    }

    /// <summary>Scales of a part.</summary>
    internal static int PerPart
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.SplitScales ? 2 : 1;
    }

    /// <summary>[parts, <see cref="PerPart"/>, lanes].</summary>
    internal float* Scales => scales;

    /// <summary>[parts, lanes].</summary>
    internal float* Mins => scales + ((long)PerPart * parts * lanes);

    internal static long Bytes(Weight w, int lanes)
        => (((PerPart + 1L) * (w.Columns / Blocks.PartSize) * sizeof(float)) + w.RowBytes) * lanes;

    /// <summary>The stored rows from <paramref name="first"/> on, as many as there are lanes.</summary>
    internal byte* Fill(Weight w, int first, int rows)
    {
        var data = w.Data + (first * w.RowBytes);
        if (rows < lanes)
        {
            for (var lane = 0; lane < lanes; lane++)
                Buffer.MemoryCopy(data + (Math.Min(lane, rows - 1) * w.RowBytes), copy + (lane * w.RowBytes), w.RowBytes, w.RowBytes);
            data = copy;
        }

        for (var lane = 0; lane < lanes; lane += 8)
            TFormat.Scales(data + (lane * w.RowBytes), (nint)w.RowBytes, w.Columns / TFormat.BlockSize, Scales + lane, Mins + lane, lanes);
        return data;
    }
}
