using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Homegrown.Kernels.Quant;

/// <summary>
/// What Q4_K and Q5_K share: 256 values in 8 parts of 32, where part p has w = d * s[p] * code - dmin * m[p]. The block begins
/// with 16 bytes:
/// <code>
/// 0   d      half
/// 2   dmin   half
/// 4   a      4 bytes: bits 0-5 s[0..3], bits 6-7 the upper two bits of s[4..7]
/// 8   b      4 bytes: bits 0-5 m[0..3], bits 6-7 the upper two bits of m[4..7]
/// 12  c      4 bytes: bits 0-3 the lower four bits of s[4..7], bits 4-7 those of m[4..7]
/// </code>
/// </summary>
static class SuperBlock
{
    internal const int Size = 256, HeaderBytes = 16, Parts = 8;
    const int MinAt = 2, AAt = 4, BAt = 8, CAt = 12;
    const int Top = 63;   // of the 6-bit scales and minima

    /// <summary>Scale and minimum of a part.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Scales(ref readonly byte block, int part, out float scale, out float min)
    {
        // With a constant part the choice folds away.
        var shift = 8 * (part & 3);
        var a = Blocks.Read<uint>(in block, AAt) >> shift;
        var b = Blocks.Read<uint>(in block, BAt) >> shift;
        var c = Blocks.Read<uint>(in block, CAt) >> shift;
        var s = part < 4 ? a & 63 : (c & 15) | ((a >> 2) & 48);
        var m = part < 4 ? b & 63 : ((c >> 4) & 15) | ((b >> 2) & 48);
        (scale, min) = (Blocks.Half(in block, 0) * (int)s, -(Blocks.Half(in block, MinAt) * (int)m));
    }

    /// <summary>s and -m of all parts, [8, 2].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<sbyte> Factors(ref readonly byte block)
    {
        const uint Six = 0x3F3F3F3F, Four = 0x0F0F0F0F, Upper = 0x30303030;   // bits of each byte
        var (a, b, c) = (Blocks.Read<uint>(in block, AAt), Blocks.Read<uint>(in block, BAt), Blocks.Read<uint>(in block, CAt));
        var both = Vector128.Create(a & Six, (c & Four) | ((a >> 2) & Upper), b & Six, ((c >> 4) & Four) | ((b >> 2) & Upper)).AsSByte();
        var minus = Vector128.Create(0, -1L).AsSByte();
        return Vector128.Shuffle((both ^ minus) - minus, Vector128.Create((sbyte)0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15));
    }

    /// <summary>The low four bits of a part's codes: byte j of pair p holds those of parts 2p and 2p + 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<byte> Nibbles(ref readonly byte block, nint offset, int part)
        => (Blocks.Read<Vector256<ushort>>(in block, offset + ((part >> 1) * 32)) >>> (4 * (part & 1))).AsByte() & Vector256.Create((byte)15);

    /// <summary>Writes what <see cref="Nibbles"/> reads, [128].</summary>
    internal static void WriteNibbles(ReadOnlySpan<byte> codes, Span<byte> packed)
    {
        for (var i = 0; i < Size / 2; i++)
        {
            var first = (i / 32 * 64) + (i % 32);
            packed[i] = (byte)((codes[first] & 15) | (codes[first + 32] << 4));
        }
    }

    /// <summary>
    /// Writes the header and the codes (0 to <paramref name="top"/>) of 256 values. Each part is fitted by itself, then the
    /// scales and minima are rounded to 6 bits, then the codes are chosen anew for what the rounding left.
    /// </summary>
    /// <param name="sweep">The search where there is no importance.</param>
    internal static void Fit(
        ReadOnlySpan<float> x, ReadOnlySpan<float> importance, int top, Sweep sweep, Span<byte> header, Span<byte> codes)
    {
        Span<float> weights = stackalloc float[Blocks.PartSize], totals = stackalloc float[Parts];
        Span<float> scales = stackalloc float[Parts], mins = stackalloc float[Parts];
        var energy = 2 * LeastSquares.SumOfSquares(x) / Size;
        for (var part = 0; part < Parts; part++)
        {
            var first = part * Blocks.PartSize;
            var values = x.Slice(first, Blocks.PartSize);
            if (importance.IsEmpty) OwnWeights(values, weights);
            else for (var i = 0; i < weights.Length; i++) weights[i] = LeastSquares.Weight(importance[first + i], energy, values[i]);

            foreach (var weight in weights) totals[part] += weight;
            (scales[part], var min) = LineFit.Fit(
                values, weights, top, importance.IsEmpty ? sweep : Sweep.Fine, codes.Slice(first, Blocks.PartSize));
            mins[part] = -min;
        }

        Span<byte> s = stackalloc byte[Parts], m = stackalloc byte[Parts];
        Blocks.WriteHalf(header, importance.IsEmpty ? Round(scales, Top, s) : LeastSquares.Positive(scales, totals, Top, s));
        Blocks.WriteHalf(header[MinAt..], importance.IsEmpty ? Round(mins, Top, m) : LeastSquares.Positive(mins, totals, Top, m));
        for (var i = 0; i < 4; i++)
        {
            header[AAt + i] = (byte)(s[i] | (s[i + 4] >> 4 << 6));
            header[BAt + i] = (byte)(m[i] | (m[i + 4] >> 4 << 6));
            header[CAt + i] = (byte)((s[i + 4] & 15) | ((m[i + 4] & 15) << 4));
        }

        for (var part = 0; part < Parts; part++)
        {
            Scales(in header[0], part, out var scale, out var min);
            if (scale == 0) continue;
            for (var i = part * Blocks.PartSize; i < (part + 1) * Blocks.PartSize; i++)
                codes[i] = (byte)Math.Clamp(LeastSquares.Nearest((x[i] - min) / scale), 0, top);
        }
    }

    /// <summary>Without importance, large values count more: root mean square of the part + |value|.</summary>
    static void OwnWeights(ReadOnlySpan<float> values, Span<float> weights)
    {
        var mean = MathF.Sqrt(LeastSquares.SumOfSquares(values) / values.Length);
        for (var i = 0; i < values.Length; i++) weights[i] = mean + MathF.Abs(values[i]);
    }

    /// <summary>Rounds scales to codes 0 to <paramref name="top"/>; returns the factor they share.</summary>
    internal static float Round(ReadOnlySpan<float> scales, int top, Span<byte> codes)
    {
        var max = 0f;
        foreach (var scale in scales)
            if (scale > max) max = scale;
        var inverse = max > 0 ? top / max : 0;
        for (var i = 0; i < codes.Length; i++) codes[i] = (byte)Math.Clamp(LeastSquares.Nearest(inverse * scales[i]), 0, top);
        return max / top;
    }
}
