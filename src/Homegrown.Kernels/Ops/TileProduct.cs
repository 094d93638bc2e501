using System.Runtime.CompilerServices;
using Homegrown.Kernels.Memory;

namespace Homegrown.Kernels.Ops;

/// <summary>
/// Products with a panel of 32 columns: c[i, lane] += sum over k of a[i, k] * b[k, lane], both of attention's. Eight or
/// four rows by two vectors stay in registers, so that products, not loads, are the limit. Every element sums in the order of k.
/// </summary>
static unsafe class TileProduct
{
    /// <summary>Rows are computed in multiples of this.</summary>
    public const int RowBlock = 2;

    /// <summary>Columns of a panel are computed in pairs, this far apart.</summary>
    const int Half = KvPanels.Side / 2;

    // Optimised at the first call: a prompt is read before the runtime would have seen that these loops are hot.
    const MethodImplOptions Hot = MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining;

    /// <summary>Rows that a and c must have memory for.</summary>
    public static int RoundUp(int rows) => (rows + RowBlock - 1) & -RowBlock;

    /// <param name="a">[rows, count].</param>
    /// <param name="aStride">From a row of a to the next.</param>
    /// <param name="b">[count, 32].</param>
    /// <param name="c">[rows, 32].</param>
    /// <param name="cStride">From a row of c to the next.</param>
    /// <param name="rows">A multiple of <see cref="RowBlock"/>.</param>
    /// <param name="count">Terms of the sum.</param>
    /// <param name="ahead">Where stored numbers are read next: fetched into the cache meanwhile.</param>
    public static void Multiply<TLanes, TStored>(
        float* a, nint aStride, void* b, float* c, nint cStride, int rows, int count, void* ahead = null)
        where TLanes : struct, ILanes<TLanes>
        where TStored : struct, IStored
    {
        if (ahead == null) ahead = b;
        while (rows > 0)
        {
            var block = rows >= 8 && TLanes.Count == Half ? 8 : rows >= 4 ? 4 : 2;   // eight where there are 32 registers
            for (var lane = 0; lane < Half; lane += TLanes.Count)
            {
                if (block == 8) Rows8<TLanes, TStored>(a, aStride, b, lane, c + lane, cStride, count, ahead);
                else if (block == 4) Rows4<TLanes, TStored>(a, aStride, b, lane, c + lane, cStride, count, ahead);
                else Rows2<TLanes, TStored>(a, aStride, b, lane, c + lane, cStride, count, ahead);
                ahead = b;
            }

            rows -= block;
            a += block * aStride;
            c += block * cStride;
        }
    }

    [MethodImpl(Hot)]
    static void Rows8<TLanes, TStored>(float* a0, nint aStride, void* b, nint lane, float* c, nint cStride, nint count, void* ahead)
        where TLanes : struct, ILanes<TLanes>
        where TStored : struct, IStored
    {
        float* a1 = a0 + aStride, a2 = a1 + aStride, a3 = a2 + aStride, a4 = a3 + aStride;
        float* a5 = a4 + aStride, a6 = a5 + aStride, a7 = a6 + aStride;
        var from = c;
        from = Load(from, cStride, out TLanes s0, out TLanes t0);
        from = Load(from, cStride, out TLanes s1, out TLanes t1);
        from = Load(from, cStride, out TLanes s2, out TLanes t2);
        from = Load(from, cStride, out TLanes s3, out TLanes t3);
        from = Load(from, cStride, out TLanes s4, out TLanes t4);
        from = Load(from, cStride, out TLanes s5, out TLanes t5);
        from = Load(from, cStride, out TLanes s6, out TLanes t6);
        _ = Load(from, cStride, out TLanes s7, out TLanes t7);
        for (nint k = 0; k < count; k++)
        {
            TStored.Fetch(ahead, k);
            TStored.Load<TLanes>(b, k, lane, out var x, out var y);
            var a = TLanes.Create(a0[k]);
            (s0, t0) = (TLanes.MultiplyAdd(x, a, s0), TLanes.MultiplyAdd(y, a, t0));
            a = TLanes.Create(a1[k]);
            (s1, t1) = (TLanes.MultiplyAdd(x, a, s1), TLanes.MultiplyAdd(y, a, t1));
            a = TLanes.Create(a2[k]);
            (s2, t2) = (TLanes.MultiplyAdd(x, a, s2), TLanes.MultiplyAdd(y, a, t2));
            a = TLanes.Create(a3[k]);
            (s3, t3) = (TLanes.MultiplyAdd(x, a, s3), TLanes.MultiplyAdd(y, a, t3));
            a = TLanes.Create(a4[k]);
            (s4, t4) = (TLanes.MultiplyAdd(x, a, s4), TLanes.MultiplyAdd(y, a, t4));
            a = TLanes.Create(a5[k]);
            (s5, t5) = (TLanes.MultiplyAdd(x, a, s5), TLanes.MultiplyAdd(y, a, t5));
            a = TLanes.Create(a6[k]);
            (s6, t6) = (TLanes.MultiplyAdd(x, a, s6), TLanes.MultiplyAdd(y, a, t6));
            a = TLanes.Create(a7[k]);
            (s7, t7) = (TLanes.MultiplyAdd(x, a, s7), TLanes.MultiplyAdd(y, a, t7));
        }

        c = Store(c, cStride, s0, t0);
        c = Store(c, cStride, s1, t1);
        c = Store(c, cStride, s2, t2);
        c = Store(c, cStride, s3, t3);
        c = Store(c, cStride, s4, t4);
        c = Store(c, cStride, s5, t5);
        c = Store(c, cStride, s6, t6);
        _ = Store(c, cStride, s7, t7);
    }

    [MethodImpl(Hot)]
    static void Rows4<TLanes, TStored>(float* a0, nint aStride, void* b, nint lane, float* c, nint cStride, nint count, void* ahead)
        where TLanes : struct, ILanes<TLanes>
        where TStored : struct, IStored
    {
        float* a1 = a0 + aStride, a2 = a1 + aStride, a3 = a2 + aStride;
        var from = c;
        from = Load(from, cStride, out TLanes s0, out TLanes t0);
        from = Load(from, cStride, out TLanes s1, out TLanes t1);
        from = Load(from, cStride, out TLanes s2, out TLanes t2);
        _ = Load(from, cStride, out TLanes s3, out TLanes t3);
        for (nint k = 0; k < count; k++)
        {
            TStored.Fetch(ahead, k);
            TStored.Load<TLanes>(b, k, lane, out var x, out var y);
            var a = TLanes.Create(a0[k]);
            (s0, t0) = (TLanes.MultiplyAdd(x, a, s0), TLanes.MultiplyAdd(y, a, t0));
            a = TLanes.Create(a1[k]);
            (s1, t1) = (TLanes.MultiplyAdd(x, a, s1), TLanes.MultiplyAdd(y, a, t1));
            a = TLanes.Create(a2[k]);
            (s2, t2) = (TLanes.MultiplyAdd(x, a, s2), TLanes.MultiplyAdd(y, a, t2));
            a = TLanes.Create(a3[k]);
            (s3, t3) = (TLanes.MultiplyAdd(x, a, s3), TLanes.MultiplyAdd(y, a, t3));
        }

        c = Store(c, cStride, s0, t0);
        c = Store(c, cStride, s1, t1);
        c = Store(c, cStride, s2, t2);
        _ = Store(c, cStride, s3, t3);
    }

    [MethodImpl(Hot)]
    static void Rows2<TLanes, TStored>(float* a0, nint aStride, void* b, nint lane, float* c, nint cStride, nint count, void* ahead)
        where TLanes : struct, ILanes<TLanes>
        where TStored : struct, IStored
    {
        var a1 = a0 + aStride;
        var from = c;
        from = Load(from, cStride, out TLanes s0, out TLanes t0);
        _ = Load(from, cStride, out TLanes s1, out TLanes t1);
        for (nint k = 0; k < count; k++)
        {
            TStored.Fetch(ahead, k);
            TStored.Load<TLanes>(b, k, lane, out var x, out var y);
            var a = TLanes.Create(a0[k]);
            (s0, t0) = (TLanes.MultiplyAdd(x, a, s0), TLanes.MultiplyAdd(y, a, t0));
            a = TLanes.Create(a1[k]);
            (s1, t1) = (TLanes.MultiplyAdd(x, a, s1), TLanes.MultiplyAdd(y, a, t1));
        }

        c = Store(c, cStride, s0, t0);
        _ = Store(c, cStride, s1, t1);
    }

    /// <summary>Two vectors of a row of c; returns the next row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static float* Load<TLanes>(float* c, nint stride, out TLanes s, out TLanes t)
        where TLanes : struct, ILanes<TLanes>
    {
        (s, t) = (TLanes.Load(c), TLanes.Load(c + Half));
        return c + stride;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static float* Store<TLanes>(float* c, nint stride, TLanes s, TLanes t)
        where TLanes : struct, ILanes<TLanes>
    {
        s.Store(c);
        t.Store(c + Half);
        return c + stride;
    }
}
