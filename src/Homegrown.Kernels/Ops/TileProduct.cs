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

    // Optimised at the first call: a prompt is read before the runtime would have seen that these loops are hot.
    const MethodImplOptions Hot = MethodImplOptions.AggressiveOptimization;

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
            var block = rows >= 8 && TStored.Converts ? 8 : rows >= 4 ? 4 : 2;
            var step = (block == 8 ? 1 : 2) * TLanes.Count;
            for (var lane = 0; lane < KvPanels.Side; lane += step)
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
        float* c1 = c + cStride, c2 = c1 + cStride, c3 = c2 + cStride, c4 = c3 + cStride, c5 = c4 + cStride, c6 = c5 + cStride, c7 = c6 + cStride;
        TLanes s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default, s6 = default, s7 = default;
        if (add)
        {
            (s0, s1, s2, s3) = (TLanes.Load(c), TLanes.Load(c1), TLanes.Load(c2), TLanes.Load(c3));
            (s4, s5, s6, s7) = (TLanes.Load(c4), TLanes.Load(c5), TLanes.Load(c6), TLanes.Load(c7));
        }

        for (nint k = 0; k < count; k++, lane += KvPanels.Side)
        {
            TStored.Fetch(ahead, lane);
            var x = TStored.Load<TLanes>(b, lane);
            s0 = TLanes.MultiplyAdd(x, TLanes.Create(a0[k]), s0);
            s1 = TLanes.MultiplyAdd(x, TLanes.Create(a1[k]), s1);
            s2 = TLanes.MultiplyAdd(x, TLanes.Create(a2[k]), s2);
            s3 = TLanes.MultiplyAdd(x, TLanes.Create(a3[k]), s3);
            s4 = TLanes.MultiplyAdd(x, TLanes.Create(a4[k]), s4);
            s5 = TLanes.MultiplyAdd(x, TLanes.Create(a5[k]), s5);
            s6 = TLanes.MultiplyAdd(x, TLanes.Create(a6[k]), s6);
            s7 = TLanes.MultiplyAdd(x, TLanes.Create(a7[k]), s7);
        }

        s0.Store(c);
        s1.Store(c1);
        s2.Store(c2);
        s3.Store(c3);
        s4.Store(c4);
        s5.Store(c5);
        s6.Store(c6);
        s7.Store(c7);
    }

    [MethodImpl(Hot)]
    static void Rows4<TLanes, TStored>(float* a0, nint aStride, void* b, nint lane, float* c, nint cStride, nint count, bool add, void* ahead)
        where TLanes : struct, ILanes<TLanes>
        where TStored : struct, IStored
    {
        var n = TLanes.Count;
        float* a1 = a0 + aStride, a2 = a1 + aStride, a3 = a2 + aStride;
        float* c1 = c + cStride, c2 = c1 + cStride, c3 = c2 + cStride;
        TLanes s0 = default, t0 = default, s1 = default, t1 = default, s2 = default, t2 = default, s3 = default, t3 = default;
        if (add)
        {
            (s0, t0, s1, t1) = (TLanes.Load(c), TLanes.Load(c + n), TLanes.Load(c1), TLanes.Load(c1 + n));
            (s2, t2, s3, t3) = (TLanes.Load(c2), TLanes.Load(c2 + n), TLanes.Load(c3), TLanes.Load(c3 + n));
        }

        for (nint k = 0; k < count; k++, lane += KvPanels.Side)
        {
            TStored.Fetch(ahead, lane);
            TLanes x = TStored.Load<TLanes>(b, lane), y = TStored.Load<TLanes>(b, lane + n);
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
        t0.Store(c + n);
        s1.Store(c1);
        t1.Store(c1 + n);
        s2.Store(c2);
        t2.Store(c2 + n);
        s3.Store(c3);
        t3.Store(c3 + n);
    }

    [MethodImpl(Hot)]
    static void Rows2<TLanes, TStored>(float* a0, nint aStride, void* b, nint lane, float* c, nint cStride, nint count, bool add, void* ahead)
        where TLanes : struct, ILanes<TLanes>
        where TStored : struct, IStored
    {
        var n = TLanes.Count;
        float* a1 = a0 + aStride, c1 = c + cStride;
        TLanes s0 = default, t0 = default, s1 = default, t1 = default;
        if (add) (s0, t0, s1, t1) = (TLanes.Load(c), TLanes.Load(c + n), TLanes.Load(c1), TLanes.Load(c1 + n));
        for (nint k = 0; k < count; k++, lane += KvPanels.Side)
        {
            TStored.Fetch(ahead, lane);
            TLanes x = TStored.Load<TLanes>(b, lane), y = TStored.Load<TLanes>(b, lane + n);
            var a = TLanes.Create(a0[k]);
            (s0, t0) = (TLanes.MultiplyAdd(x, a, s0), TLanes.MultiplyAdd(y, a, t0));
            a = TLanes.Create(a1[k]);
            (s1, t1) = (TLanes.MultiplyAdd(x, a, s1), TLanes.MultiplyAdd(y, a, t1));
        }

        s0.Store(c);
        t0.Store(c + n);
        s1.Store(c1);
        t1.Store(c1 + n);
    }
}

/// <summary>How the numbers of a panel are stored.</summary>
unsafe interface IStored
{
    /// <summary>A load is several instructions, so that one should serve many rows.</summary>
    static abstract bool Converts { get; }

    /// <summary>Numbers from <paramref name="at"/> on.</summary>
    static abstract TLanes Load<TLanes>(void* panel, nint at)
        where TLanes : struct, ILanes<TLanes>;

    /// <summary>Brings the line of a number to the cache.</summary>
    static abstract void Fetch(void* panel, nint at);
}

readonly unsafe struct StoredFloats : IStored
{
    public static bool Converts => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(void* panel, nint at)
        where TLanes : struct, ILanes<TLanes>
        => TLanes.Load((float*)panel + at);

    public static void Fetch(void* panel, nint at)
    {
    }
}

readonly unsafe struct StoredHalves : IStored
{
    public static bool Converts => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(void* panel, nint at)
        where TLanes : struct, ILanes<TLanes>
        => TLanes.LoadHalves((Half*)panel + at);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Fetch(void* panel, nint at)
    {
#if P0
        if (Sse.IsSupported) Sse.Prefetch0((Half*)panel + at);
#else
        if (Sse.IsSupported) Sse.Prefetch1((Half*)panel + at);
#endif
    }
}
