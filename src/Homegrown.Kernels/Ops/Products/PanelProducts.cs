using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>
/// Products of codes with many tokens, where multiplying is the work. A strip of rows is unpacked once into panels of bytes,
/// [columns / 4, lanes, 4]: a row to a lane, four columns to an element. A token's pair of even codes, repeated in all lanes,
/// multiplies the even bytes of one vector of a panel, its odd pair the odd bytes, and no sum crosses lanes.
/// </summary>
static unsafe class PanelProducts<TFormat, TLanes, TInts, TFloats>
    where TFormat : struct, ICodedFormat
    where TLanes : struct, IByteLanes<TInts, TFloats>
    where TInts : struct
    where TFloats : struct
{
    /// <summary>Tokens of a tile.</summary>
    const int Tile = 4;

    /// <summary>Columns in an element of a panel.</summary>
    const int Step = 4;

    /// <summary>Elements in a part.</summary>
    const int Steps = Blocks.PartSize / Step;

    internal static void Run(in Operands operands, Weight w, int first, int count, int column)
    {
        var parts = w.Columns / Blocks.PartSize;
        var panelBytes = (long)w.Columns * TLanes.Count;
        var memory = Scratch.Take(panelBytes + StripScales<TFormat>.Bytes(parts, TLanes.Count));
        var scales = new StripScales<TFormat>(memory + panelBytes, parts, TLanes.Count);
        // The tiles leave their sums in memory and call nothing: vectors that live across a call would be kept there all along.
        var sums = stackalloc float[Tile * TLanes.Count];
        for (var r = 0; r < count; r += TLanes.Count)
        {
            var rows = Math.Min(TLanes.Count, count - r);
            var data = w.Data + ((first + r) * w.RowBytes);
            scales.Fill(data, w.RowBytes, rows);
            Pack(data, w.RowBytes, rows, w.Columns / TFormat.BlockSize, memory);
            for (var t = 0; t < operands.Tokens; t += Tile)
            {
                Multiply(operands, t, memory, scales, parts, sums);
                for (var i = 0; i < Math.Min(Tile, operands.Tokens - t); i++)
                    new ReadOnlySpan<float>(sums + (i * TLanes.Count), rows).CopyTo(new(operands.Y.RowPointer(t + i) + column + r, rows));
            }
        }
    }

    /// <summary>Eight rows at a time, 32 columns of them: a square of 8 by 8 elements turns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Pack(byte* w, long rowBytes, int rows, int blocks, byte* panel)
    {
        for (var lane = 0; lane < TLanes.Count; lane += 8)
        {
            var target = panel + (lane * Step);
            for (var b = 0; b < blocks; b++)
            {
                for (var part = 0; part < TFormat.BlockSize / Blocks.PartSize; part++, target += Blocks.PartSize * TLanes.Count)
                {
                    Vector256<int> Row(int i) => TFormat.Codes(in w[(Math.Min(lane + i, rows - 1) * rowBytes) + ((long)b * TFormat.BlockBytes)], part).AsInt32();
                    Turn(Row(0), Row(1), Row(2), Row(3), Row(4), Row(5), Row(6), Row(7), target);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Turn(
        Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d, Vector256<int> e, Vector256<int> f, Vector256<int> g, Vector256<int> h,
        byte* target)
    {
        Quarter(a, b, c, d, out var a0, out var a1, out var a2, out var a3);
        Quarter(e, f, g, h, out var e0, out var e1, out var e2, out var e3);
        void Store(Vector256<int> low, Vector256<int> high, int k)
        {
            Avx2.Permute2x128(low, high, 0x20).Store((int*)(target + (k * Step * TLanes.Count)));
            Avx2.Permute2x128(low, high, 0x31).Store((int*)(target + ((k + 4) * Step * TLanes.Count)));
        }

        Store(a0, e0, 0);
        Store(a1, e1, 1);
        Store(a2, e2, 2);
        Store(a3, e3, 3);
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

    /// <summary>Four tokens times a panel to sums, [tokens, lanes]; where there are fewer tokens, the last one again.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Multiply(in Operands operands, int t, byte* panel, in StripScales<TFormat> scales, int parts, float* sums)
    {
        var last = operands.Tokens - 1;
        var (t1, t2, t3) = (Math.Min(t + 1, last), Math.Min(t + 2, last), Math.Min(t + 3, last));
        ref readonly var q = ref operands.Quantized;
        var x0 = q.Codes(t);
        var x1 = q.Codes(t1);
        var x2 = q.Codes(t2);
        var x3 = q.Codes(t3);
        var s0 = q.Scales(t);
        var s1 = q.Scales(t1);
        var s2 = q.Scales(t2);
        var s3 = q.Scales(t3);
        var w = scales.Scales;
        var mins = scales.Mins;
        TFloats y0 = default, y1 = default, y2 = default, y3 = default;
        for (var p = 0; p < parts; p++)
        {
            if (TFormat.SplitScales)
            {
                Dots(panel, x0, x1, x2, x3, Steps / 2, out var l0, out var l1, out var l2, out var l3);
                var half = Blocks.PartSize / 4;     // pairs of columns 16 and on: the second half of either parity
                Dots(panel + (Blocks.PartSize / 2 * TLanes.Count), x0 + half, x1 + half, x2 + half, x3 + half, Steps / 2, out var h0, out var h1, out var h2, out var h3);
                y0 = PartSum<TFormat, TLanes, TFloats>.AddHalves(y0, l0, h0, s0 + p, w, mins);
                y1 = PartSum<TFormat, TLanes, TFloats>.AddHalves(y1, l1, h1, s1 + p, w, mins);
                y2 = PartSum<TFormat, TLanes, TFloats>.AddHalves(y2, l2, h2, s2 + p, w, mins);
                y3 = PartSum<TFormat, TLanes, TFloats>.AddHalves(y3, l3, h3, s3 + p, w, mins);
            }
            else
            {
                Dots(panel, x0, x1, x2, x3, Steps, out var d0, out var d1, out var d2, out var d3);
                y0 = PartSum<TFormat, TLanes, TFloats>.Add(y0, d0, s0 + p, w, mins);
                y1 = PartSum<TFormat, TLanes, TFloats>.Add(y1, d1, s1 + p, w, mins);
                y2 = PartSum<TFormat, TLanes, TFloats>.Add(y2, d2, s2 + p, w, mins);
                y3 = PartSum<TFormat, TLanes, TFloats>.Add(y3, d3, s3 + p, w, mins);
            }

            x0 = x0 + Blocks.PartSize;
            x1 = x1 + Blocks.PartSize;
            x2 = x2 + Blocks.PartSize;
            x3 = x3 + Blocks.PartSize;
            panel += Blocks.PartSize * TLanes.Count;
            w += (TFormat.SplitScales ? 2 : 1) * TLanes.Count;
            mins += TLanes.Count;
        }

        TLanes.Store(y0, sums);
        TLanes.Store(y1, sums + TLanes.Count);
        TLanes.Store(y2, sums + (2 * TLanes.Count));
        TLanes.Store(y3, sums + (3 * TLanes.Count));
    }

    /// <summary>Dots of some elements of a panel with the codes of four tokens.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Dots(byte* panel, short* x0, short* x1, short* x2, short* x3, int steps, out TFloats y0, out TFloats y1, out TFloats y2, out TFloats y3)
    {
        TInts a = default, b = default, c = default, d = default;
        for (var k = 0; k < steps; k++, panel += Step * TLanes.Count)
        {
            var w = TLanes.Load(panel);
            var (even, odd) = (TFormat.Bits == 8 ? TLanes.EvenBytes(w) : TLanes.EvenCodes(w), TLanes.OddBytes(w));
            a = AddPairs(a, even, odd, x0 + (2 * k));
            b = AddPairs(b, even, odd, x1 + (2 * k));
            c = AddPairs(c, even, odd, x2 + (2 * k));
            d = AddPairs(d, even, odd, x3 + (2 * k));
        }

        (y0, y1, y2, y3) = (TLanes.ToFloats(a), TLanes.ToFloats(b), TLanes.ToFloats(c), TLanes.ToFloats(d));
    }

    /// <summary>Four columns as two pairs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TInts AddPairs(TInts sum, TInts even, TInts odd, short* x)
        => TLanes.AddInts(
            TLanes.AddInts(sum, TLanes.MultiplyShorts(even, TLanes.Broadcast(x))), TLanes.MultiplyShorts(odd, TLanes.Broadcast(x + QuantizedRows.Odd)));
}
