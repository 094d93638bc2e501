using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>
/// Scales and minima of a strip of rows, laid out for vectors whose lanes are rows: [scales of a row, lanes] and [parts, lanes].
/// Where the matrix ends before the strip, the last row is repeated.
/// </summary>
readonly unsafe struct StripScales<TFormat>(byte* memory, int parts, int lanes)
    where TFormat : struct, ICodedFormat
{
    /// <summary>Scales of a part.</summary>
    internal static int PerPart => TFormat.SplitScales ? 2 : 1;

    /// <summary>[scales of a row, lanes].</summary>
    internal readonly float* Scales = (float*)memory;

    /// <summary>[parts, lanes].</summary>
    internal readonly float* Mins = (float*)memory + (parts * PerPart * lanes);

    /// <summary>Memory for both.</summary>
    internal static long Bytes(int parts, int lanes) => (PerPart + 1L) * parts * lanes * sizeof(float);

    internal void Fill(byte* w, long rowBytes, int rows)
    {
        for (var lane = 0; lane < lanes; lane += 4)
        {
            var first = Math.Min(lane, rows - 1);
            TFormat.Scales(new(w + (first * rowBytes), rowBytes, rows - first), parts * Blocks.PartSize / TFormat.BlockSize, Scales + lane, Mins + lane, lanes);
        }
    }
}
