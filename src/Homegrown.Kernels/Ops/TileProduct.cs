using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Homegrown.Kernels.Memory;

namespace Homegrown.Kernels.Ops;

/// <summary>
/// Products with a panel of 32 columns: c[i, lane] += sum over k of a[i, k] * b[k, lane], both of attention's. Four rows by two
/// vectors stay in registers, so that a step is six loads and eight products. Every element sums in the order of k.
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
    /// <param name="add">Adds to c; otherwise c is overwritten.</param>
    /// <param name="ahead">Where stored numbers are read next: fetched into the cache meanwhile.</param>
    public static void Multiply<TLanes, TStored>(
        float* a, nint aStride, void* b, float* c, nint cStride, int rows, int count, bool add, void* ahead = null)
        where TLanes : struct, ILanes<TLanes>
        where TStored : struct, IStored
    {
        if (ahead == null) ahead = b;
        while (rows > 0)
        {
            var block = rows >= 8 && TLanes.Count == Half ? 8 : rows >= 4 ? 4 : 2;   // eight where there are 32 registers
            for (var lane = 0; lane < Half; lane += TLanes.Count)
            {
                if (block == 8) Rows8<TLanes, TStored>(a, aStride, b, lane, c + lane, cStride, count, add, ahead);
                else if (block == 4) Rows4<TLanes, TStored>(a, aStride, b, lane, c + lane, cStride, count, add, ahead);
                else Rows2<TLanes, TStored>(a, aStride, b, lane, c + lane, cStride, count, add, ahead);
                ahead = b;
            }

            rows -= block;
            a += block * aStride;
            c += block * cStride;
        }
    }

    [MethodImpl(Hot)]
    static void Rows8<TLanes, TStored>(float* a0, nint aStride, void* b, nint lane, float* c, nint cStride, nint count, bool add, void* ahead)
        where TLanes : struct, ILanes<TLanes>
        where TStored : struct, IStored
    {
        float* a1 = a0 + aStride, a2 = a1 + aStride, a3 = a2 + aStride, a4 = a3 + aStride, a5 = a4 + aStride, a6 = a5 + aStride, a7 = a6 + aStride;
        TLanes s0 = default, t0 = default, s1 = default, t1 = default, s2 = default, t2 = default, s3 = default, t3 = default;
        TLanes s4 = default, t4 = default, s5 = default, t5 = default, s6 = default, t6 = default, s7 = default, t7 = default;
        if (add)
        {
            var from = c;
            (s0, t0) = (TLanes.Load(from), TLanes.Load(from + Half));
            from += cStride;
            (s1, t1) = (TLanes.Load(from), TLanes.Load(from + Half));
            from += cStride;
            (s2, t2) = (TLanes.Load(from), TLanes.Load(from + Half));
            from += cStride;
            (s3, t3) = (TLanes.Load(from), TLanes.Load(from + Half));
            from += cStride;
            (s4, t4) = (TLanes.Load(from), TLanes.Load(from + Half));
            from += cStride;
            (s5, t5) = (TLanes.Load(from), TLanes.Load(from + Half));
            from += cStride;
            (s6, t6) = (TLanes.Load(from), TLanes.Load(from + Half));
            from += cStride;
            (s7, t7) = (TLanes.Load(from), TLanes.Load(from + Half));
        }

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

        s0.Store(c);
        t0.Store(c + Half);
        c += cStride;
        s1.Store(c);
        t1.Store(c + Half);
        c += cStride;
        s2.Store(c);
        t2.Store(c + Half);
        c += cStride;
        s3.Store(c);
        t3.Store(c + Half);
        c += cStride;
        s4.Store(c);
        t4.Store(c + Half);
        c += cStride;
        s5.Store(c);
        t5.Store(c + Half);
        c += cStride;
        s6.Store(c);
        t6.Store(c + Half);
        c += cStride;
        s7.Store(c);
        t7.Store(c + Half);
    }

    [MethodImpl(Hot)]
    static void Rows4<TLanes, TStored>(float* a0, nint aStride, void* b, nint lane, float* c, nint cStride, nint count, bool add, void* ahead)
        where TLanes : struct, ILanes<TLanes>
        where TStored : struct, IStored
    {
        float* a1 = a0 + aStride, a2 = a1 + aStride, a3 = a2 + aStride;
        TLanes s0 = default, t0 = default, s1 = default, t1 = default, s2 = default, t2 = default, s3 = default, t3 = default;
        if (add)
        {
            var from = c;
            (s0, t0) = (TLanes.Load(from), TLanes.Load(from + Half));
            from += cStride;
            (s1, t1) = (TLanes.Load(from), TLanes.Load(from + Half));
            from += cStride;
            (s2, t2) = (TLanes.Load(from), TLanes.Load(from + Half));
            from += cStride;
            (s3, t3) = (TLanes.Load(from), TLanes.Load(from + Half));
        }

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

        s0.Store(c);
        t0.Store(c + Half);
        c += cStride;
        s1.Store(c);
        t1.Store(c + Half);
        c += cStride;
        s2.Store(c);
        t2.Store(c + Half);
        c += cStride;
        s3.Store(c);
        t3.Store(c + Half);
    }

    [MethodImpl(Hot)]
    static void Rows2<TLanes, TStored>(float* a0, nint aStride, void* b, nint lane, float* c, nint cStride, nint count, bool add, void* ahead)
        where TLanes : struct, ILanes<TLanes>
        where TStored : struct, IStored
    {
        var a1 = a0 + aStride;
        TLanes s0 = default, t0 = default, s1 = default, t1 = default;
        if (add)
        {
            var from = c;
            (s0, t0) = (TLanes.Load(from), TLanes.Load(from + Half));
            from += cStride;
            (s1, t1) = (TLanes.Load(from), TLanes.Load(from + Half));
        }
        for (nint k = 0; k < count; k++)
        {
            TStored.Fetch(ahead, k);
            TStored.Load<TLanes>(b, k, lane, out var x, out var y);
            var a = TLanes.Create(a0[k]);
            (s0, t0) = (TLanes.MultiplyAdd(x, a, s0), TLanes.MultiplyAdd(y, a, t0));
            a = TLanes.Create(a1[k]);
            (s1, t1) = (TLanes.MultiplyAdd(x, a, s1), TLanes.MultiplyAdd(y, a, t1));
        }

        s0.Store(c);
        t0.Store(c + Half);
        c += cStride;
        s1.Store(c);
        t1.Store(c + Half);
    }
}

/// <summary>How the numbers of a panel are stored.</summary>
unsafe interface IStored
{
    /// <summary>Row k of a panel: columns lane.. and 16 + lane.., times <see cref="KvPanels.Unit"/>.</summary>
    static abstract void Load<TLanes>(void* panel, nint k, nint lane, out TLanes x, out TLanes y)
        where TLanes : struct, ILanes<TLanes>;

    /// <summary>Brings row k of a panel to the second cache; the processor itself brings it to the first.</summary>
    static abstract void Fetch(void* panel, nint k);
}

readonly unsafe struct StoredFloats : IStored
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load<TLanes>(void* panel, nint k, nint lane, out TLanes x, out TLanes y)
        where TLanes : struct, ILanes<TLanes>
    {
        var row = (float*)panel + (k * KvPanels.Side) + lane;
        (x, y) = (TLanes.Load(row), TLanes.Load(row + (KvPanels.Side / 2)));
    }

    public static void Fetch(void* panel, nint k)
    {
    }
}

readonly unsafe struct StoredHalves : IStored
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load<TLanes>(void* panel, nint k, nint lane, out TLanes x, out TLanes y)
        where TLanes : struct, ILanes<TLanes>
        => TLanes.LoadHalves((System.Half*)panel + (k * KvPanels.Side) + (2 * lane), out x, out y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Fetch(void* panel, nint k)
    {
        if (Sse.IsSupported) Sse.Prefetch1((System.Half*)panel + (k * KvPanels.Side));
    }
}
