using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>
/// 8-bit products with many tokens, where multiplying is the work. A strip of rows is unpacked once into panels of bytes,
/// [columns / 4, lanes, 4]: a row to a lane, four columns to an element. A token's four codes, repeated in all lanes, multiply
/// one vector of a panel, and no sum crosses lanes.
/// </summary>
/// <remarks>
/// Codes of up to 5 bits times 127 add up in 16 bits for a half of a part: 4 * 2 * 31 * 127 = 31,496. Codes of 6 bits do for two
/// of the four steps (32,004). Signed bytes are widened and multiplied in 16 bits.
/// </remarks>
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

    /// <summary>Elements in a half of a part.</summary>
    const int Steps = QuantizedRows.Group / Step;

    internal static void Run(in Operands operands, Weight w, int first, int count, int column)
    {
        var panelBytes = (long)w.Columns * TLanes.Count;
        var panel = Scratch.Take(panelBytes + Strip<TFormat>.Bytes(w, TLanes.Count));
        var strip = new Strip<TFormat>(panel + panelBytes, w, TLanes.Count);
        // The tiles leave their sums in memory and call nothing: vectors that live across a call would be kept there all along.
        var sums = stackalloc float[Tile * TLanes.Count];
        for (var r = 0; r < count; r += TLanes.Count)
        {
            var rows = Math.Min(TLanes.Count, count - r);
            var data = strip.Fill(w, first + r, rows);
            for (var lane = 0; lane < TLanes.Count; lane += 8)
                Pack(data + (lane * w.RowBytes), (nint)w.RowBytes, w.Columns / TFormat.BlockSize, panel + (lane * Step));
            for (var t = 0; t < operands.Tokens; t += Tile)
            {
                Multiply(operands, t, panel, strip, w.Columns / Blocks.PartSize, sums);
                for (var i = 0; i < Math.Min(Tile, operands.Tokens - t); i++)
                    new ReadOnlySpan<float>(sums + (i * TLanes.Count), rows).CopyTo(new(operands.Y.RowPointer(t + i) + column + r, rows));
            }
        }
    }

    /// <summary>Lays eight rows into their lanes of a panel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Pack(byte* rows, nint rowBytes, int blocks, byte* panel)
    {
        for (; blocks > 0; blocks--, rows += TFormat.BlockBytes)
        {
            for (var part = 0; part < TFormat.BlockSize / Blocks.PartSize; part++, panel += Blocks.PartSize * TLanes.Count)
            {
                TFormat.Turned(rows, rowBytes, part, out var e0, out var e1, out var e2, out var e3, out var e4, out var e5, out var e6, out var e7);
                e0.Store((int*)panel);
                e1.Store((int*)(panel + (Step * TLanes.Count)));
                e2.Store((int*)(panel + (2 * Step * TLanes.Count)));
                e3.Store((int*)(panel + (3 * Step * TLanes.Count)));
                e4.Store((int*)(panel + (4 * Step * TLanes.Count)));
                e5.Store((int*)(panel + (5 * Step * TLanes.Count)));
                e6.Store((int*)(panel + (6 * Step * TLanes.Count)));
                e7.Store((int*)(panel + (7 * Step * TLanes.Count)));
            }
        }
    }

    /// <summary>Four tokens times a panel to sums, [tokens, lanes]; where there are fewer tokens, the last one again.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Multiply(in Operands operands, int t, byte* panel, in Strip<TFormat> strip, int parts, float* sums)
    {
        var last = operands.Tokens - 1;
        var (t1, t2, t3) = (Math.Min(t + 1, last), Math.Min(t + 2, last), Math.Min(t + 3, last));
        var x0 = Codes(operands, t);
        var x1 = Codes(operands, t1);
        var x2 = Codes(operands, t2);
        var x3 = Codes(operands, t3);
        ref readonly var q = ref operands.Quantized;
        var s0 = q.Scales(t);
        var s1 = q.Scales(t1);
        var s2 = q.Scales(t2);
        var s3 = q.Scales(t3);
        float* w = strip.Scales, mins = strip.Mins;
        TFloats y0 = default, y1 = default, y2 = default, y3 = default;
        for (var p = 0; p < parts; p++)
        {
            Half(panel, x0, x1, x2, x3, out var l0, out var l1, out var l2, out var l3);
            var half = QuantizedRows.Group * CodeBytes;
            Half(panel + (QuantizedRows.Group * TLanes.Count), x0 + half, x1 + half, x2 + half, x3 + half, out var h0, out var h1, out var h2, out var h3);
            y0 = PartSum<TFormat, TLanes, TFloats>.Add(y0, l0, h0, s0 + p, w, mins);
            y1 = PartSum<TFormat, TLanes, TFloats>.Add(y1, l1, h1, s1 + p, w, mins);
            y2 = PartSum<TFormat, TLanes, TFloats>.Add(y2, l2, h2, s2 + p, w, mins);
            y3 = PartSum<TFormat, TLanes, TFloats>.Add(y3, l3, h3, s3 + p, w, mins);
            x0 = x0 + (2 * half);
            x1 = x1 + (2 * half);
            x2 = x2 + (2 * half);
            x3 = x3 + (2 * half);
            panel += Blocks.PartSize * TLanes.Count;
            w += Strip<TFormat>.PerPart * TLanes.Count;
            mins += TLanes.Count;
        }

        TLanes.Store(y0, sums);
        TLanes.Store(y1, sums + TLanes.Count);
        TLanes.Store(y2, sums + (2 * TLanes.Count));
        TLanes.Store(y3, sums + (3 * TLanes.Count));
    }

    /// <summary>Bytes of an activation's code: signed weights multiply in 16 bits.</summary>
    static int CodeBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.Bits == 8 ? sizeof(short) : sizeof(sbyte);
    }

    static byte* Codes(in Operands operands, int t)
        => TFormat.Bits == 8 ? (byte*)operands.Quantized.Wide(t) : (byte*)operands.Quantized.Codes(t);

    /// <summary>Dots of 16 columns of a panel with those of four tokens.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Half(byte* panel, byte* x0, byte* x1, byte* x2, byte* x3, out TFloats y0, out TFloats y1, out TFloats y2, out TFloats y3)
    {
        TInts a, b, c, d;
        if (TFormat.Bits == 8)
        {
            (a, b, c, d) = (default, default, default, default);
            for (var k = 0; k < Steps; k++, panel += Step * TLanes.Count)
            {
                var w = TLanes.Load(panel);
                var (even, odd) = (TLanes.EvenBytes(w), TLanes.OddBytes(w));
                a = AddPairs(a, even, odd, x0 + (2 * k * Step));
                b = AddPairs(b, even, odd, x1 + (2 * k * Step));
                c = AddPairs(c, even, odd, x2 + (2 * k * Step));
                d = AddPairs(d, even, odd, x3 + (2 * k * Step));
            }
        }
        else if (TFormat.Bits == 6)
        {
            Shorts(panel, x0, x1, x2, x3, 2, out a, out b, out c, out d);
            x0 += 2 * Step;
            x1 += 2 * Step;
            x2 += 2 * Step;
            x3 += 2 * Step;
            Shorts(panel + (2 * Step * TLanes.Count), x0, x1, x2, x3, 2, out var e, out var f, out var g, out var h);
            (a, b) = (TLanes.AddInts(TLanes.AddNeighbours(a), TLanes.AddNeighbours(e)), TLanes.AddInts(TLanes.AddNeighbours(b), TLanes.AddNeighbours(f)));
            (c, d) = (TLanes.AddInts(TLanes.AddNeighbours(c), TLanes.AddNeighbours(g)), TLanes.AddInts(TLanes.AddNeighbours(d), TLanes.AddNeighbours(h)));
        }
        else
        {
            Shorts(panel, x0, x1, x2, x3, Steps, out a, out b, out c, out d);
            (a, b, c, d) = (TLanes.AddNeighbours(a), TLanes.AddNeighbours(b), TLanes.AddNeighbours(c), TLanes.AddNeighbours(d));
        }

        (y0, y1, y2, y3) = (TLanes.ToFloats(a), TLanes.ToFloats(b), TLanes.ToFloats(c), TLanes.ToFloats(d));
    }

    /// <summary>Sums in 16 bits of <paramref name="steps"/> elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Shorts(byte* panel, byte* x0, byte* x1, byte* x2, byte* x3, int steps, out TInts a, out TInts b, out TInts c, out TInts d)
    {
        var w = TLanes.Load(panel);
        a = TLanes.MultiplyBytes(w, TLanes.Broadcast(x0));
        b = TLanes.MultiplyBytes(w, TLanes.Broadcast(x1));
        c = TLanes.MultiplyBytes(w, TLanes.Broadcast(x2));
        d = TLanes.MultiplyBytes(w, TLanes.Broadcast(x3));
        for (var k = 1; k < steps; k++)
        {
            panel += Step * TLanes.Count;
            w = TLanes.Load(panel);
            a = TLanes.AddShorts(a, TLanes.MultiplyBytes(w, TLanes.Broadcast(x0 + (k * Step))));
            b = TLanes.AddShorts(b, TLanes.MultiplyBytes(w, TLanes.Broadcast(x1 + (k * Step))));
            c = TLanes.AddShorts(c, TLanes.MultiplyBytes(w, TLanes.Broadcast(x2 + (k * Step))));
            d = TLanes.AddShorts(d, TLanes.MultiplyBytes(w, TLanes.Broadcast(x3 + (k * Step))));
        }
    }

    /// <summary>Four columns as two pairs: the even ones, then the odd ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TInts AddPairs(TInts sum, TInts even, TInts odd, byte* x)
        => TLanes.AddInts(sum, TLanes.AddInts(TLanes.MultiplyShorts(even, TLanes.Broadcast(x)), TLanes.MultiplyShorts(odd, TLanes.Broadcast(x + Step))));
}
