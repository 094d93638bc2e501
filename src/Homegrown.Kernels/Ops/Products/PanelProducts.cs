using System.Runtime.CompilerServices;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>
/// Products of codes in .NET's vectors of 256 and 512 bits. A panel of 16 rows is unpacked once for all tokens; a token's four
/// codes, repeated in all lanes, multiply a vector of the panel, and no sum crosses lanes.
/// </summary>
static unsafe class PanelProducts<TFormat, TLanes, TInts, TFloats>
    where TFormat : struct, ICodedFormat
    where TLanes : struct, IByteLanes<TInts, TFloats>
    where TInts : struct
    where TFloats : struct
{
    const int Rows = PanelLayout.Rows, Vector = PanelLayout.VectorBytes;

    /// <summary>Tokens of a tile.</summary>
    const int Tile = QuantizedRows.RowGroup;

    internal static void Run(in Operands operands, Weight w, int first, int count, int column)
    {
        var layout = Panels<TFormat>.Unpacked;
        var memory = Scratch.Take(layout.PanelBytes(w.Columns));
        // The tiles leave their sums in memory and call nothing: vectors that live across a call would be kept there all along.
        var sums = stackalloc float[Tile * Rows];
        for (var r = 0; r < count; r += Rows)
        {
            Panels<TFormat>.Unpack(w, first + r, memory);
            for (var t = 0; t < operands.Tokens; t += Tile)
            {
                var tokens = Math.Min(Tile, operands.Tokens - t);
                for (var lane = 0; lane < Rows; lane += TLanes.Count)
                {
                    var panel = memory + (lane * sizeof(float));
                    if (tokens == 1) One(panel, operands.Quantized.Row(t), w.Columns / Blocks.PartSize, sums + lane);
                    else Four(panel, operands.Quantized.Row(t), w.Columns / Blocks.PartSize, sums + lane);
                }

                for (var i = 0; i < tokens; i++)
                    new ReadOnlySpan<float>(sums + (i * Rows), Math.Min(Rows, count - r)).CopyTo(new(operands.Y.RowPointer(t + i) + column + r, Rows));
            }
        }
    }

    /// <summary>Of a part's scales in float32, before its codes; and of a part.</summary>
    static int HeaderBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => sizeof(float) * (MinAt + (TFormat.HasMin ? MinAt : 0));
    }

    static int PartBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => HeaderBytes + (PanelLayout.Groups * Vector);
    }

    static int SecondAt
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.SplitScales ? Rows : 0;
    }

    static int MinAt
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => SecondAt + Rows;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void One(byte* panel, PartCodes* x, int parts, float* y)
    {
        TFloats sum = default;
        for (var p = 0; p < parts; p++) sum = AddCodes(sum, panel + (p * PartBytes), x + p);
        TLanes.Store(AddRests(sum, panel, x, parts), y);
    }

    /// <summary>Four tokens, one row of parts after the other, to y, [tokens, 16]. Where there are fewer, the others are memory without meaning.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Four(byte* panel, PartCodes* x, int parts, float* y)
    {
        TFloats a = default, b = default, c = default, d = default;
        PartCodes* x1 = x + parts, x2 = x1 + parts, x3 = x2 + parts;
        for (var p = 0; p < parts; p++)
        {
            var part = panel + (p * PartBytes);
            a = AddCodes(a, part, x + p);
            b = AddCodes(b, part, x1 + p);
            c = AddCodes(c, part, x2 + p);
            d = AddCodes(d, part, x3 + p);
        }

        TLanes.Store(AddRests(a, panel, x, parts), y);
        TLanes.Store(AddRests(b, panel, x1, parts), y + Rows);
        TLanes.Store(AddRests(c, panel, x2, parts), y + (2 * Rows));
        TLanes.Store(AddRests(d, panel, x3, parts), y + (3 * Rows));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TFloats AddCodes(TFloats sum, byte* part, PartCodes* x)
        => PartSum<TFormat, TLanes, TFloats>.AddMins(Add(sum, part, x->Codes, x->CodeSums, x->Scale), x, (float*)part + MinAt);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TFloats AddRests(TFloats sum, byte* panel, PartCodes* x, int parts)
    {
        for (var p = 0; p < parts; p++)
            if (x[p].HasRest != 0) sum = Add(sum, panel + (p * PartBytes), x[p].Rests, x[p].RestSums, x[p].RestScale);
        return sum;
    }

    /// <summary>The share of a part's 32 codes or rests.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TFloats Add(TFloats sums, byte* part, sbyte* x, MinusSums minus, float scale)
    {
        var w = part + HeaderBytes;
        var dots = Dots(TLanes.Fill(TFormat.Bias * (TFormat.SplitScales ? minus.First : minus.All)), w, x);
        if (TFormat.SplitScales)
        {
            sums = PartSum<TFormat, TLanes, TFloats>.Add(sums, TLanes.ToFloats(dots), scale, (float*)part);
            dots = TLanes.Fill(TFormat.Bias * minus.Second);
        }

        dots = Dots(dots, w + (4 * Vector), x + 16);
        return PartSum<TFormat, TLanes, TFloats>.Add(sums, TLanes.ToFloats(dots), scale, (float*)part + SecondAt);
    }

    /// <summary>Adds the dots of 16 columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TInts Dots(TInts dots, byte* w, sbyte* x)
    {
        dots = Step(dots, w, x);
        dots = Step(dots, w + Vector, x + 4);
        dots = Step(dots, w + (2 * Vector), x + 8);
        return Step(dots, w + (3 * Vector), x + 12);
    }

    /// <summary>Four columns. Codes of 8 bits are signed, without bias here.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TInts Step(TInts dots, byte* w, sbyte* x)
        => TFormat.Bits == 8 ? TLanes.AddSigned(dots, TLanes.Load(w), TLanes.Broadcast(x)) : TLanes.AddDots(dots, TLanes.Load(w), TLanes.Broadcast(x));
}
