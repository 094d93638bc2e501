using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>The codes of panels, in vectors of 8 lanes. All loops and shifts are constants of the format: the JIT unfolds them.</summary>
static unsafe class PanelCodes<TFormat>
    where TFormat : struct, ICodedFormat
{
    const int Vector = PanelLayout.VectorBytes, HalfVector = Vector / 2;

    /// <summary>That the planes keep.</summary>
    internal static int Bits
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.HasLevels ? 4 : TFormat.Bits - TFormat.FirstBit;
    }

    /// <summary>Of the first plane of <see cref="PanelLayout.Planes"/>: the largest power of two. The second has the bits that are left.</summary>
    static int LowBits
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Bits >= 8 ? 8 : Bits >= 4 ? 4 : Bits >= 2 ? 2 : 1;
    }

    static int HighBits
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Bits - LowBits;
    }

    /// <summary>A part of 16 rows as stored, to planes. Part <paramref name="part"/> of the blocks at rows[0..15] + at.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Pack(byte** rows, nint at, int part, byte* to) => Turn(rows, at, part, to, LowBits);

    /// <summary>The same to bytes, [8, 16, 4].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Widen(byte** rows, nint at, int part, byte* to) => Turn(rows, at, part, to, 8);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Turn(byte** rows, nint at, int part, byte* to, int lowBits)
    {
        for (var end = to + Vector; to < end; to += HalfVector, rows += 8)
        {
            var numbers = TFormat.HasLevels && lowBits < 8;
            Squares.Turn(
                Codes(rows[0] + at, part, numbers), Codes(rows[1] + at, part, numbers), Codes(rows[2] + at, part, numbers), Codes(rows[3] + at, part, numbers),
                Codes(rows[4] + at, part, numbers), Codes(rows[5] + at, part, numbers), Codes(rows[6] + at, part, numbers), Codes(rows[7] + at, part, numbers),
                out var g0, out var g1, out var g2, out var g3, out var g4, out var g5, out var g6, out var g7);
            StorePlane(lowBits, lowBits < 8 ? TFormat.FirstBit : 0, g0, g1, g2, g3, g4, g5, g6, g7, to);
            if (lowBits < Bits) StorePlane(HighBits, lowBits, g0, g1, g2, g3, g4, g5, g6, g7, to + (lowBits * Vector));
        }
    }

    /// <summary>The 32 codes of a row's part, or the numbers of their levels: an element for each group.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> Codes(byte* block, int part, bool numbers)
    {
        if (numbers) return TFormat.Numbers(in *block, part).AsInt32();
        var codes = TFormat.Codes(in *block, part);
        return (TFormat.Bits == 8 ? codes ^ Vector256.Create(sbyte.MinValue) : codes).AsInt32();
    }

    /// <summary>Bits <paramref name="from"/> to from + bits - 1 of eight groups: side by side, then pairs of pairs, until bytes are full.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void StorePlane(
        int bits, int from, Vector256<int> g0, Vector256<int> g1, Vector256<int> g2, Vector256<int> g3,
        Vector256<int> g4, Vector256<int> g5, Vector256<int> g6, Vector256<int> g7, byte* to)
    {
        if (bits == 8)
        {
            Store(g0, g1, g2, g3, to);
            Store(g4, g5, g6, g7, to + (4 * Vector));
            return;
        }

        var (a, b, c, d) = (Pair(bits, from, g0, g1), Pair(bits, from, g2, g3), Pair(bits, from, g4, g5), Pair(bits, from, g6, g7));
        if (bits == 4)
        {
            Store(a, b, c, d, to);
            return;
        }

        var (low, high) = (a | (b << (2 * bits)), c | (d << (2 * bits)));
        if (bits == 2)
        {
            low.Store((int*)to);
            high.Store((int*)(to + Vector));
        }
        else
        {
            (low | (high << (4 * bits))).Store((int*)to);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> Pair(int bits, int from, Vector256<int> first, Vector256<int> second) => Field(bits, from, first) | (Field(bits, from, second) << bits);

    /// <summary>Some bits of each byte, moved to its lowest. Where a code has no others, nothing is to be done.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> Field(int bits, int from, Vector256<int> codes)
        => bits == TFormat.Bits || TFormat.HasLevels ? codes : (codes >>> from) & Vector256.Create((byte)((1 << bits) - 1)).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Store(Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d, byte* to)
    {
        a.Store((int*)to);
        b.Store((int*)(to + Vector));
        c.Store((int*)(to + (2 * Vector)));
        d.Store((int*)(to + (3 * Vector)));
    }

    /// <summary>A part's planes to bytes, [8, 16, 4].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Unpack(byte* planes, byte* to)
    {
        for (var end = to + Vector; to < end; to += HalfVector, planes += HalfVector)
        {
            Store(Group(planes, 0), Group(planes, 1), Group(planes, 2), Group(planes, 3), to);
            Store(Group(planes, 4), Group(planes, 5), Group(planes, 6), Group(planes, 7), to + (4 * Vector));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> Group(byte* planes, int group)
    {
        var low = Stored(planes, LowBits, group);
        if (TFormat.HasLevels) return Avx2.Shuffle(Vector256.Create(TFormat.Levels, TFormat.Levels) ^ Vector256.Create(sbyte.MinValue), low.AsSByte()).AsInt32();
        return HighBits == 0 ? low << TFormat.FirstBit : low | (Stored(planes + (LowBits * Vector), HighBits, group) << LowBits);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> Stored(byte* plane, int bits, int group)
    {
        var vector = Vector256.Load((int*)(plane + (group * bits / 8 * Vector)));
        return bits == 8 ? vector : (vector >>> (group * bits % 8)) & Vector256.Create((byte)((1 << bits) - 1)).AsInt32();
    }
}
