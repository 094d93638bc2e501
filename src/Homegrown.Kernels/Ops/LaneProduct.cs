using System.Runtime.CompilerServices;

namespace Homegrown.Kernels.Ops;

/// <summary>
/// Small float products whose columns are lanes: c[i, lane] = (c[i, lane] +) sum over k of a[i, k] * b[k, lane], with b and c of one or three vectors a row.
/// An element of a is spread over a vector, so a may lie in any order. A block of c stays in registers: 12 sums and 4 operands
/// fit the 16 of AVX2. Every lane sums in the order of k.
/// </summary>
static unsafe class LaneProduct
{
    /// <summary>Rows of c are computed in multiples of this.</summary>
    public const int RowBlock = 8;

    // Optimised at the first call: a prompt is read before the runtime would have seen that these loops are hot.
    const MethodImplOptions Hot = MethodImplOptions.AggressiveOptimization;

    /// <summary>Rows that a and c must have memory for.</summary>
    public static int RoundUp(int rows) => (rows + RowBlock - 1) & -RowBlock;

    /// <param name="vectors">1 or 3: vectors in a row of b and c.</param>
    /// <param name="a">a[i, k] is at i * rowStride + k * stride.</param>
    /// <param name="rowStride">See <paramref name="a"/>.</param>
    /// <param name="stride">See <paramref name="a"/>.</param>
    /// <param name="b">[count, lanes].</param>
    /// <param name="c">[rows, lanes].</param>
    /// <param name="rows">A multiple of <see cref="RowBlock"/>.</param>
    /// <param name="count">Terms of the sum.</param>
    /// <param name="add">Adds to c; otherwise c is overwritten.</param>
    public static void Multiply<TLanes>(int vectors, float* a, nint rowStride, nint stride, float* b, float* c, int rows, int count, bool add)
        where TLanes : struct, ILanes<TLanes>
    {
        var lanes = vectors * TLanes.Count;
        if (!add) new Span<float>(c, rows * lanes).Clear();
        if (vectors == 1)
            for (var i = 0; i < rows; i += 8) Rows8<TLanes>(a + (i * rowStride), rowStride, stride, b, c + (i * lanes), count);
        else
            for (var i = 0; i < rows; i += 4) Rows4By3<TLanes>(a + (i * rowStride), rowStride, stride, b, c + (i * lanes), count);
    }

    [MethodImpl(Hot)]
    static void Rows8<TLanes>(float* a0, nint rowStride, nint stride, float* b, float* c, int count)
        where TLanes : struct, ILanes<TLanes>
    {
        var n = TLanes.Count;
        float* a1 = a0 + rowStride, a2 = a1 + rowStride, a3 = a2 + rowStride, a4 = a3 + rowStride;
        float* a5 = a4 + rowStride, a6 = a5 + rowStride, a7 = a6 + rowStride;
        TLanes c0 = TLanes.Load(c), c1 = TLanes.Load(c + n), c2 = TLanes.Load(c + (2 * n)), c3 = TLanes.Load(c + (3 * n));
        TLanes c4 = TLanes.Load(c + (4 * n)), c5 = TLanes.Load(c + (5 * n)), c6 = TLanes.Load(c + (6 * n)), c7 = TLanes.Load(c + (7 * n));
        for (nint at = 0; count > 0; count--, at += stride, b += n)
        {
            var x = TLanes.Load(b);
            c0 = TLanes.MultiplyAdd(x, TLanes.Create(a0[at]), c0);
            c1 = TLanes.MultiplyAdd(x, TLanes.Create(a1[at]), c1);
            c2 = TLanes.MultiplyAdd(x, TLanes.Create(a2[at]), c2);
            c3 = TLanes.MultiplyAdd(x, TLanes.Create(a3[at]), c3);
            c4 = TLanes.MultiplyAdd(x, TLanes.Create(a4[at]), c4);
            c5 = TLanes.MultiplyAdd(x, TLanes.Create(a5[at]), c5);
            c6 = TLanes.MultiplyAdd(x, TLanes.Create(a6[at]), c6);
            c7 = TLanes.MultiplyAdd(x, TLanes.Create(a7[at]), c7);
        }

        c0.Store(c);
        c1.Store(c + n);
        c2.Store(c + (2 * n));
        c3.Store(c + (3 * n));
        c4.Store(c + (4 * n));
        c5.Store(c + (5 * n));
        c6.Store(c + (6 * n));
        c7.Store(c + (7 * n));
    }

    [MethodImpl(Hot)]
    static void Rows4By3<TLanes>(float* a0, nint rowStride, nint stride, float* b, float* c, int count)
        where TLanes : struct, ILanes<TLanes>
    {
        var n = TLanes.Count;
        float* a1 = a0 + rowStride, a2 = a1 + rowStride, a3 = a2 + rowStride;
        float* d1 = c + (3 * n), d2 = d1 + (3 * n), d3 = d2 + (3 * n);
        TLanes c00 = TLanes.Load(c), c01 = TLanes.Load(c + n), c02 = TLanes.Load(c + (2 * n));
        TLanes c10 = TLanes.Load(d1), c11 = TLanes.Load(d1 + n), c12 = TLanes.Load(d1 + (2 * n));
        TLanes c20 = TLanes.Load(d2), c21 = TLanes.Load(d2 + n), c22 = TLanes.Load(d2 + (2 * n));
        TLanes c30 = TLanes.Load(d3), c31 = TLanes.Load(d3 + n), c32 = TLanes.Load(d3 + (2 * n));
        for (nint at = 0; count > 0; count--, at += stride, b += 3 * n)
        {
            TLanes x = TLanes.Load(b), y = TLanes.Load(b + n), z = TLanes.Load(b + (2 * n));
            var a = TLanes.Create(a0[at]);
            (c00, c01, c02) = (TLanes.MultiplyAdd(x, a, c00), TLanes.MultiplyAdd(y, a, c01), TLanes.MultiplyAdd(z, a, c02));
            a = TLanes.Create(a1[at]);
            (c10, c11, c12) = (TLanes.MultiplyAdd(x, a, c10), TLanes.MultiplyAdd(y, a, c11), TLanes.MultiplyAdd(z, a, c12));
            a = TLanes.Create(a2[at]);
            (c20, c21, c22) = (TLanes.MultiplyAdd(x, a, c20), TLanes.MultiplyAdd(y, a, c21), TLanes.MultiplyAdd(z, a, c22));
            a = TLanes.Create(a3[at]);
            (c30, c31, c32) = (TLanes.MultiplyAdd(x, a, c30), TLanes.MultiplyAdd(y, a, c31), TLanes.MultiplyAdd(z, a, c32));
        }

        Store3(c00, c01, c02, c);
        Store3(c10, c11, c12, d1);
        Store3(c20, c21, c22, d2);
        Store3(c30, c31, c32, d3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Store3<TLanes>(TLanes x, TLanes y, TLanes z, float* to)
        where TLanes : struct, ILanes<TLanes>
    {
        x.Store(to);
        y.Store(to + TLanes.Count);
        z.Store(to + (2 * TLanes.Count));
    }
}
