using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>
/// Scales and minima of a strip of rows, laid out for vectors whose lanes are rows: [scales of a row, lanes] and [parts, lanes].
/// Where the matrix ends before the strip, the last row is repeated.
/// </summary>
readonly unsafe struct StripScales<TFormat>
    where TFormat : struct, ICodedFormat
{
    readonly int parts, lanes;

    /// <summary>Needs <see cref="Bytes"/> of memory.</summary>
    internal StripScales(byte* memory, int parts, int lanes)
    {
        (this.parts, this.lanes) = (parts, lanes);
        Scales = (float*)memory;
        Mins = Scales + (PerRow(parts) * lanes);
    }

    /// <summary>[scales of a row, lanes].</summary>
    internal float* Scales { get; }

    /// <summary>[parts, lanes].</summary>
    internal float* Mins { get; }

    /// <summary>Scales of a row, and room to read them four at a time.</summary>
    static int PerRow(int parts) => ((TFormat.SplitScales ? 2 * parts : parts) + 3) & ~3;

    /// <summary>The layout for all lanes, and beside it four rows as they are decoded.</summary>
    internal static long Bytes(int parts, int lanes) => 2L * PerRow(parts) * (lanes + 4) * sizeof(float);

    internal void Fill(byte* w, long rowBytes, int rows)
    {
        var perRow = PerRow(parts);
        var scales = Mins + (perRow * lanes);
        var mins = Mins + (perRow * (lanes + 4));
        for (var lane = 0; lane < lanes; lane += 4)
        {
            for (var i = 0; i < 4; i++)
            {
                var row = new ReadOnlySpan<byte>(w + (Math.Min(lane + i, rows - 1) * rowBytes), (int)rowBytes);
                TFormat.Scales(row, new(scales + (i * perRow), TFormat.SplitScales ? 2 * parts : parts), new(mins + (i * perRow), parts));
            }

            Transpose(scales, perRow, Scales + lane, lanes);
            if (TFormat.HasMin) Transpose(mins, perRow, Mins + lane, lanes);
        }
    }

    /// <summary>[4, count] to [count, 4], whose rows are <paramref name="stride"/> apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Transpose(float* from, int count, float* to, int stride)
    {
        for (var i = 0; i < count; i += 4, from += 4)
        {
            var (a, b) = (Sse.UnpackLow(Load(0), Load(2)), Sse.UnpackLow(Load(1), Load(3)));
            var (c, d) = (Sse.UnpackHigh(Load(0), Load(2)), Sse.UnpackHigh(Load(1), Load(3)));
            Sse.UnpackLow(a, b).Store(to + (i * stride));
            Sse.UnpackHigh(a, b).Store(to + ((i + 1) * stride));
            Sse.UnpackLow(c, d).Store(to + ((i + 2) * stride));
            Sse.UnpackHigh(c, d).Store(to + ((i + 3) * stride));
        }

        Vector128<float> Load(int row) => Vector128.Load(from + (row * count));
    }
}
