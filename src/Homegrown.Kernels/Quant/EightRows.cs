using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Homegrown.Kernels.Quant;

/// <summary>What formats do for kernels that hold eight rows side by side, a row to a lane (AVX2).</summary>
static unsafe class EightRows
{
    /// <summary>An infinity or NaN has all five bits of the exponent.</summary>
    const int NotFinite = 0x7C007C00;

    /// <summary>Scales, and minima if any, of blocks of 32 that begin with the scale and then the minimum as halves.</summary>
    internal static void Scales<TFormat>(byte* rows, nint rowBytes, int blocks, float* scales, float* mins, int stride)
        where TFormat : struct, ICodedFormat
    {
        if (Finite<TFormat>(rows, rowBytes, blocks, scales, mins, stride)) return;
        for (var lane = 0; lane < 8; lane++, rows += rowBytes)
        {
            for (var b = 0; b < blocks; b++)
            {
                TFormat.Scales(in rows[b * TFormat.BlockBytes], 0, out scales[(b * stride) + lane], out _, out var min);
                if (TFormat.HasMin) mins[(b * stride) + lane] = min;
            }
        }
    }

    /// <summary>Any format's scales, and minima if any, part by part.</summary>
    internal static void PartScales<TFormat>(byte* rows, nint rowBytes, int blocks, float* scales, float* mins, int stride)
        where TFormat : struct, ICodedFormat
    {
        var (parts, perPart) = (TFormat.BlockSize / Blocks.PartSize, TFormat.SplitScales ? 2 : 1);
        for (var lane = 0; lane < 8; lane++, rows += rowBytes)
        {
            for (var part = 0; part < blocks * parts; part++)
            {
                TFormat.Scales(in rows[part / parts * TFormat.BlockBytes], part % parts, out var low, out var high, out var min);
                scales[(part * perPart * stride) + lane] = low;
                if (TFormat.SplitScales) scales[(((part * perPart) + 1) * stride) + lane] = high;
                if (TFormat.HasMin) mins[(part * stride) + lane] = min;
            }
        }
    }

    /// <summary>As <see cref="F16.ToSingle(ushort)"/> without its branch; false if that was needed: a scale is not finite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static bool Finite<TFormat>(byte* rows, nint rowBytes, int blocks, float* scales, float* mins, int stride)
        where TFormat : struct, ICodedFormat
    {
        var (notFinite, exponents) = (Vector256<short>.Zero, Vector256.Create(TFormat.HasMin ? NotFinite : NotFinite & 0xFFFF).AsInt16());
        for (; blocks > 0; blocks--, rows += TFormat.BlockBytes, scales += stride)
        {
            var words = Words(rows, rowBytes);
            notFinite |= Vector256.Equals(words.AsInt16() & exponents, Vector256.Create(NotFinite).AsInt16());
            ToSingle(words << 16).Store(scales);
            if (!TFormat.HasMin) continue;
            ToSingle(words).Store(mins);
            mins += stride;
        }

        return notFinite == Vector256<short>.Zero;
    }

    /// <summary>Four bytes of every row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> Words(byte* at, nint rowBytes)
    {
        var four = at + (4 * rowBytes);
        return Vector256.Create(
            *(int*)at, *(int*)(at + rowBytes), *(int*)(at + (2 * rowBytes)), *(int*)(at + (3 * rowBytes)),
            *(int*)four, *(int*)(four + rowBytes), *(int*)(four + (2 * rowBytes)), *(int*)(four + (3 * rowBytes)));
    }

    /// <summary>The halves in the upper 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> ToSingle(Vector256<int> halves)
        => ((halves >> 3) & Vector256.Create(unchecked((int)0x8FFFE000))).AsSingle() * Vector256.Create(F16.Rebias);

    /// <summary>Eight values of each row, turned: [8, lanes].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Store(
        Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d,
        Vector256<float> e, Vector256<float> f, Vector256<float> g, Vector256<float> h,
        float* to, int stride)
    {
        Turn(
            a.AsInt32(), b.AsInt32(), c.AsInt32(), d.AsInt32(), e.AsInt32(), f.AsInt32(), g.AsInt32(), h.AsInt32(),
            out var e0, out var e1, out var e2, out var e3, out var e4, out var e5, out var e6, out var e7);
        e0.AsSingle().Store(to);
        e1.AsSingle().Store(to + stride);
        e2.AsSingle().Store(to + (2 * stride));
        e3.AsSingle().Store(to + (3 * stride));
        e4.AsSingle().Store(to + (4 * stride));
        e5.AsSingle().Store(to + (5 * stride));
        e6.AsSingle().Store(to + (6 * stride));
        e7.AsSingle().Store(to + (7 * stride));
    }

    /// <summary>Any format's codes: <see cref="ICodedFormat.Turned"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Turned<TFormat>(
        byte* block, nint rowBytes, int part,
        out Vector256<int> e0, out Vector256<int> e1, out Vector256<int> e2, out Vector256<int> e3,
        out Vector256<int> e4, out Vector256<int> e5, out Vector256<int> e6, out Vector256<int> e7)
        where TFormat : struct, ICodedFormat
    {
        var four = block + (4 * rowBytes);
        Turn(
            TFormat.Codes(in *block, part).AsInt32(), TFormat.Codes(in block[rowBytes], part).AsInt32(),
            TFormat.Codes(in block[2 * rowBytes], part).AsInt32(), TFormat.Codes(in block[3 * rowBytes], part).AsInt32(),
            TFormat.Codes(in *four, part).AsInt32(), TFormat.Codes(in four[rowBytes], part).AsInt32(),
            TFormat.Codes(in four[2 * rowBytes], part).AsInt32(), TFormat.Codes(in four[3 * rowBytes], part).AsInt32(),
            out e0, out e1, out e2, out e3, out e4, out e5, out e6, out e7);
    }

    /// <summary>
    /// 16 bytes of each row that hold code j in the low and code j + 16 in the high nibble of byte j: turned while packed, which is
    /// half the work.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Nibbles(
        byte* at, nint rowBytes,
        out Vector256<int> e0, out Vector256<int> e1, out Vector256<int> e2, out Vector256<int> e3,
        out Vector256<int> e4, out Vector256<int> e5, out Vector256<int> e6, out Vector256<int> e7)
    {
        var four = at + (4 * rowBytes);
        Quarter(
            Pair(at, four), Pair(at + rowBytes, four + rowBytes), Pair(at + (2 * rowBytes), four + (2 * rowBytes)), Pair(at + (3 * rowBytes), four + (3 * rowBytes)),
            out var p0, out var p1, out var p2, out var p3);
        var low = Vector256.Create((byte)15).AsInt32();
        (e0, e1, e2, e3) = (p0 & low, p1 & low, p2 & low, p3 & low);
        (e4, e5, e6, e7) = ((p0 >>> 4) & low, (p1 >>> 4) & low, (p2 >>> 4) & low, (p3 >>> 4) & low);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> Pair(byte* low, byte* high) => Vector256.Create(Vector128.Load((int*)low), Vector128.Load((int*)high));

    /// <summary>Adds 16 to the codes whose bit is set in the row's word.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void AddFifth(
        byte* at, nint rowBytes,
        ref Vector256<int> e0, ref Vector256<int> e1, ref Vector256<int> e2, ref Vector256<int> e3,
        ref Vector256<int> e4, ref Vector256<int> e5, ref Vector256<int> e6, ref Vector256<int> e7)
    {
        var words = Words(at, rowBytes);
        e0 |= Fifth(words, 0, 0x08040201);
        e1 |= Fifth(words, 0, unchecked((int)0x80402010));
        e2 |= Fifth(words, 1, 0x08040201);
        e3 |= Fifth(words, 1, unchecked((int)0x80402010));
        e4 |= Fifth(words, 2, 0x08040201);
        e5 |= Fifth(words, 2, unchecked((int)0x80402010));
        e6 |= Fifth(words, 3, 0x08040201);
        e7 |= Fifth(words, 3, unchecked((int)0x80402010));
    }

    /// <summary>Byte <paramref name="index"/> of every word four times, of which each keeps its own bit, as 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> Fifth(Vector256<int> words, int index, int bits)
    {
        var copies = Avx2.Shuffle(words.AsByte(), Vector256.Create(0x00000000, 0x04040404, 0x08080808, 0x0C0C0C0C, 0x00000000, 0x04040404, 0x08080808, 0x0C0C0C0C).AsByte()
            + Vector256.Create((byte)index));
        var own = Vector256.Create(bits).AsByte();
        return (Vector256.Equals(copies & own, own) & Vector256.Create((byte)16)).AsInt32();
    }

    /// <summary>A square of 8 by 8 elements turns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Turn(
        Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d,
        Vector256<int> e, Vector256<int> f, Vector256<int> g, Vector256<int> h,
        out Vector256<int> e0, out Vector256<int> e1, out Vector256<int> e2, out Vector256<int> e3,
        out Vector256<int> e4, out Vector256<int> e5, out Vector256<int> e6, out Vector256<int> e7)
    {
        Quarter(a, b, c, d, out var a0, out var a1, out var a2, out var a3);
        Quarter(e, f, g, h, out var b0, out var b1, out var b2, out var b3);
        (e0, e4) = (Avx2.Permute2x128(a0, b0, 0x20), Avx2.Permute2x128(a0, b0, 0x31));
        (e1, e5) = (Avx2.Permute2x128(a1, b1, 0x20), Avx2.Permute2x128(a1, b1, 0x31));
        (e2, e6) = (Avx2.Permute2x128(a2, b2, 0x20), Avx2.Permute2x128(a2, b2, 0x31));
        (e3, e7) = (Avx2.Permute2x128(a3, b3, 0x20), Avx2.Permute2x128(a3, b3, 0x31));
    }

    /// <summary>In each 128 bits, a square of 4 by 4 turns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Quarter(
        Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d,
        out Vector256<int> first, out Vector256<int> second, out Vector256<int> third, out Vector256<int> fourth)
    {
        var (acLow, bdLow) = (Avx2.UnpackLow(a, c), Avx2.UnpackLow(b, d));
        var (acHigh, bdHigh) = (Avx2.UnpackHigh(a, c), Avx2.UnpackHigh(b, d));
        (first, second) = (Avx2.UnpackLow(acLow, bdLow), Avx2.UnpackHigh(acLow, bdLow));
        (third, fourth) = (Avx2.UnpackLow(acHigh, bdHigh), Avx2.UnpackHigh(acHigh, bdHigh));
    }
}
