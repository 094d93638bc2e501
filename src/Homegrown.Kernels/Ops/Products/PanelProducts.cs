using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
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
    const int Tile = QuantizedRows.RowGroup;

    /// <summary>Columns in an element of a panel.</summary>
    const int Step = 4;

    /// <summary>Columns that have a scale of their own in formats with split scales.</summary>
    const int HalfPart = Blocks.PartSize / 2;

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
                Multiply(panel, strip.Scales, strip.Mins, operands.Quantized.Codes(t), operands.Quantized.Scales(t), w.Columns / Blocks.PartSize, sums);
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

    /// <summary>Four tokens times a panel to sums, [tokens, lanes]. Where there are fewer tokens, the others are memory without meaning.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Multiply(byte* panel, float* scales, float* mins, short* x, PartScale* xScales, int parts, float* sums)
    {
        var columns = (nint)parts * Blocks.PartSize;
        TFloats y0 = default, y1 = default, y2 = default, y3 = default;
        for (var p = 0; p < parts; p++, x += Blocks.PartSize, xScales++, panel += Blocks.PartSize * TLanes.Count)
        {
            TInts a = default, b = default, c = default, d = default;
            Add(panel, x, columns, ref a, ref b, ref c, ref d);
            TInts e = TFormat.SplitScales ? default : a, f = TFormat.SplitScales ? default : b;
            TInts g = TFormat.SplitScales ? default : c, h = TFormat.SplitScales ? default : d;
            Add(panel + (HalfPart * TLanes.Count), x + (HalfPart / 2), columns, ref e, ref f, ref g, ref h);
            y0 = AddPart(y0, a, e, xScales, scales, mins);
            y1 = AddPart(y1, b, f, xScales + parts, scales, mins);
            y2 = AddPart(y2, c, g, xScales + (2 * parts), scales, mins);
            y3 = AddPart(y3, d, h, xScales + (3 * parts), scales, mins);
            scales += Strip<TFormat>.PerPart * TLanes.Count;
            mins += TLanes.Count;
        }

        TLanes.Store(y0, sums);
        TLanes.Store(y1, sums + TLanes.Count);
        TLanes.Store(y2, sums + (2 * TLanes.Count));
        TLanes.Store(y3, sums + (3 * TLanes.Count));
    }

    /// <summary>Adds the dots of 16 columns of a panel with the codes of four tokens. Written out: the JIT unrolls no loop of this size.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Add(byte* panel, short* x, nint columns, ref TInts a, ref TInts b, ref TInts c, ref TInts d)
    {
        AddStep(panel, x, columns, ref a, ref b, ref c, ref d);
        AddStep(panel + (Step * TLanes.Count), x + 2, columns, ref a, ref b, ref c, ref d);
        AddStep(panel + (2 * Step * TLanes.Count), x + 4, columns, ref a, ref b, ref c, ref d);
        AddStep(panel + (3 * Step * TLanes.Count), x + 6, columns, ref a, ref b, ref c, ref d);
    }

    /// <summary>Four columns: the pair of even codes at x, the pair of odd ones half a part on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void AddStep(byte* panel, short* x, nint columns, ref TInts a, ref TInts b, ref TInts c, ref TInts d)
    {
        var w = TLanes.Load(panel);
        var codes = TFormat.Bits == 8 ? TLanes.EvenBytes(w) : TLanes.EvenCodes(w);
        a = TLanes.AddProducts(a, codes, TLanes.Broadcast(x));
        b = TLanes.AddProducts(b, codes, TLanes.Broadcast(x + columns));
        c = TLanes.AddProducts(c, codes, TLanes.Broadcast(x + (2 * columns)));
        d = TLanes.AddProducts(d, codes, TLanes.Broadcast(x + (3 * columns)));
        codes = TLanes.OddBytes(w);
        x += QuantizedRows.Odd;
        a = TLanes.AddProducts(a, codes, TLanes.Broadcast(x));
        b = TLanes.AddProducts(b, codes, TLanes.Broadcast(x + columns));
        c = TLanes.AddProducts(c, codes, TLanes.Broadcast(x + (2 * columns)));
        d = TLanes.AddProducts(d, codes, TLanes.Broadcast(x + (3 * columns)));
    }

    /// <param name="low">Dots of the first 16 codes.</param>
    /// <param name="high">Dots of the other 16 codes with split scales, otherwise of all 32.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TFloats AddPart(TFloats sums, TInts low, TInts high, PartScale* x, float* scales, float* mins)
        => TFormat.SplitScales
            ? PartSum<TFormat, TLanes, TFloats>.AddHalves(sums, TLanes.ToFloats(low), TLanes.ToFloats(high), x, scales, mins)
            : PartSum<TFormat, TLanes, TFloats>.Add(sums, TLanes.ToFloats(high), x, scales, mins);
}
