using System.Numerics;
using System.Runtime.CompilerServices;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>
/// Products of codes in .NET's vectors of 256 and 512 bits. Two vectors of rows are unpacked once for all tokens; a token's four
/// codes, repeated in all lanes, multiply both, and no sum crosses lanes. Sums of floats stay in memory: registers are for the dots.
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

    /// <summary>Rows of a tile: one panel, or two.</summary>
    static int TileRows
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2 * TLanes.Count;
    }

    static PanelLayout Layout => Panels<TFormat>.Unpacked;

    internal static void Run(in Operands operands, Weight w, int first, int count, int column)
    {
        var panelBytes = Layout.PanelBytes(w.Columns);
        var memory = Scratch.Take(TileRows / Rows * panelBytes);
        // The tiles leave their sums in memory and call nothing: vectors that live across a call would be kept there all along.
        var sums = stackalloc float[Tile * TileRows];
        var dots = stackalloc int[Tile * TileRows];
        var right = TileRows > Rows ? (nint)panelBytes : Vector / 2;
        var parts = w.Columns / Blocks.PartSize;
        for (var r = 0; r < count; r += TileRows)
        {
            var rows = Math.Min(TileRows, count - r);
            for (var p = 0; p < rows; p += Rows) Panels<TFormat>.Unpack(w, first + r + p, memory + (p / Rows * panelBytes));
            for (var t = 0; t < operands.Tokens; t += Tile)
            {
                var tokens = Math.Min(Tile, operands.Tokens - t);
                new Span<float>(sums, Tile * TileRows).Clear();
                if (tokens == 1) One(memory, right, operands.Quantized.Row(t), parts, sums);
                else Four(memory, right, operands.Quantized.Row(t), parts, sums, dots);
                for (var i = 0; i < tokens; i++)
                {
                    Rests(memory, right, operands.Quantized.Row(t + i), operands.Quantized.Flags(t + i), parts, sums + (i * TileRows));
                    new ReadOnlySpan<float>(sums + (i * TileRows), rows).CopyTo(new(operands.Y.RowPointer(t + i) + column + r, rows));
                }
            }
        }
    }

    /// <summary>Of a part's scales in float32, before its codes; and of a part.</summary>
    static int HeaderBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => sizeof(float) * MinAt * (TFormat.HasMin ? 2 : 1);
    }

    static int PartBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => HeaderBytes + (PanelLayout.Groups * Vector);
    }

    /// <summary>Scales of a part, and its minima.</summary>
    static int PerPart
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.SplitScales ? 2 : 1;
    }

    /// <summary>Where in a part, in floats, its minima are.</summary>
    static int MinAt
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => PerPart * Rows;
    }

    /// <summary>Groups that share a scale.</summary>
    static int HalfGroups
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => PanelLayout.Groups / PerPart;
    }

    /// <summary>Groups whose products are summed in a register; sums of several such runs meet in memory.</summary>
    static int RunGroups
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Math.Min(HalfGroups, ByteDots<TFormat, TLanes, TInts, TFloats>.Groups);
    }

    /// <summary>The codes of four tokens, one row of parts after the other, to sums, [4, TileRows]. Where there are fewer, the others are memory without meaning.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Four(byte* panel, nint right, PartCodes* x, int parts, float* sums, int* dots)
    {
        var stride = parts * (nint)sizeof(PartCodes);
        for (var end = x + parts; x < end; x++, panel += PartBytes)
        {
            byte* w = panel + HeaderBytes, a = (byte*)x, b = a + stride, c = b + stride, d = c + stride;
            for (var half = 0; half < PerPart; half++)
            {
                FourDots left = default, other = default;
                for (var run = 0; run < HalfGroups; run += RunGroups)
                {
                    (left, other) = (default, default);
                    for (var next = w + (RunGroups * Vector); w < next; w += 2 * Vector, a += 8, b += 8, c += 8, d += 8)
                    {
                        var (xa, xb, xc, xd) = (TLanes.Broadcast(a), TLanes.Broadcast(b), TLanes.Broadcast(c), TLanes.Broadcast(d));
                        left.Add(w, xa, xb, xc, xd);
                        other.Add(w + right, xa, xb, xc, xd);
                        (xa, xb, xc, xd) = (TLanes.Broadcast(a + 4), TLanes.Broadcast(b + 4), TLanes.Broadcast(c + 4), TLanes.Broadcast(d + 4));
                        left.Add(w + Vector, xa, xb, xc, xd);
                        other.Add(w + right + Vector, xa, xb, xc, xd);
                    }

                    left.Finish();
                    other.Finish();
                    if (RunGroups == HalfGroups) break;
                    if (run > 0) left.AddFrom(dots);
                    if (run > 0) other.AddFrom(dots + TLanes.Count);
                    left.Store(dots);
                    other.Store(dots + TLanes.Count);
                }

                left.AddTo(sums, panel, half, x, stride);
                other.AddTo(sums + TLanes.Count, panel + right, half, x, stride);
            }
        }
    }

    /// <summary>A half's codes, and after the second, or the only one, the minima.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TFloats Share(TFloats sum, TInts dots, byte* header, int half, PartCodes* x)
    {
        sum = PartSum<TFormat, TLanes, TFloats>.Add(sum, TLanes.ToFloats(dots), x->Scale, (float*)header + (half * Rows));
        return half == PerPart - 1 ? PartSum<TFormat, TLanes, TFloats>.AddMins(sum, x, (float*)header + MinAt) : sum;
    }

    /// <summary>What the weights' bias adds to a dot.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int Minus(int half, in MinusSums sums) => TFormat.Bias * (!TFormat.SplitScales ? sums.All : half == 0 ? sums.First : sums.Second);

    /// <summary>Dots of four tokens with a vector of rows. Four fields: as many as the JIT keeps in registers.</summary>
    struct FourDots
    {
        ByteDots<TFormat, TLanes, TInts, TFloats> a, b, c, d;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add(byte* w, TInts xa, TInts xb, TInts xc, TInts xd)
        {
            var codes = TLanes.Load(w);
            a.Add(codes, xa);
            b.Add(codes, xb);
            c.Add(codes, xc);
            d.Add(codes, xd);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Finish()
        {
            a.Finish();
            b.Finish();
            c.Finish();
            d.Finish();
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void AddFrom(int* dots)
        {
            a.AddFrom(dots);
            b.AddFrom(dots + TileRows);
            c.AddFrom(dots + (2 * TileRows));
            d.AddFrom(dots + (3 * TileRows));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Store(int* dots)
        {
            TLanes.Store(a.Sums, (byte*)dots);
            TLanes.Store(b.Sums, (byte*)(dots + TileRows));
            TLanes.Store(c.Sums, (byte*)(dots + (2 * TileRows)));
            TLanes.Store(d.Sums, (byte*)(dots + (3 * TileRows)));
        }

        /// <summary>Adds a half's share to the sums, [4, TileRows].</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void AddTo(float* sums, byte* header, int half, PartCodes* x, nint stride)
        {
            var token = (byte*)x;
            Add(a.Sums, sums, header, half, (PartCodes*)token);
            Add(b.Sums, sums + TileRows, header, half, (PartCodes*)(token + stride));
            Add(c.Sums, sums + (2 * TileRows), header, half, (PartCodes*)(token + (2 * stride)));
            Add(d.Sums, sums + (3 * TileRows), header, half, (PartCodes*)(token + (3 * stride)));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static void Add(TInts dots, float* sum, byte* header, int half, PartCodes* x)
        {
            if (TFormat.Bias != 0) dots = TLanes.Add(dots, TLanes.Fill(Minus(half, x->CodeSums)));
            TLanes.Store(Share(TLanes.Load(sum), dots, header, half, x), sum);
        }
    }

    /// <summary>The codes of a token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void One(byte* panel, nint right, PartCodes* x, int parts, float* sums)
    {
        TFloats left = default, other = default;
        for (var end = x + parts; x < end; x++, panel += PartBytes)
        {
            AddPart(ref left, ref other, panel, right, x->Codes, x->CodeSums, x->Scale);
            left = PartSum<TFormat, TLanes, TFloats>.AddMins(left, x, (float*)panel + MinAt);
            other = PartSum<TFormat, TLanes, TFloats>.AddMins(other, x, (float*)(panel + right) + MinAt);
        }

        TLanes.Store(left, sums);
        TLanes.Store(other, sums + TLanes.Count);
    }

    /// <summary>The rests of a token, of which few parts have any.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Rests(byte* panel, nint right, PartCodes* x, byte* hasRest, int parts, float* sums)
    {
        var (left, other) = (TLanes.Load(sums), TLanes.Load(sums + TLanes.Count));
        for (var eight = 0; eight < parts; eight += 8)
        {
            for (var flags = *(ulong*)(hasRest + eight); flags != 0; flags &= flags - 1)
            {
                var part = eight + (BitOperations.TrailingZeroCount(flags) / 8);
                AddPart(ref left, ref other, panel + (part * (nint)PartBytes), right, x[part].Rests, x[part].RestSums, x[part].RestScale);
            }
        }

        TLanes.Store(left, sums);
        TLanes.Store(other, sums + TLanes.Count);
    }

    /// <summary>The share of a part's 32 codes or rests in the sums of a token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void AddPart(ref TFloats leftSum, ref TFloats otherSum, byte* part, nint right, sbyte* x, in MinusSums sums, float scale)
    {
        var w = part + HeaderBytes;
        for (var half = 0; half < PerPart; half++)
        {
            TInts leftDots, otherDots;
            leftDots = otherDots = TLanes.Fill(Minus(half, sums));
            for (var run = 0; run < HalfGroups; run += RunGroups)
            {
                ByteDots<TFormat, TLanes, TInts, TFloats> left = default, other = default;
                for (var next = w + (RunGroups * Vector); w < next; w += Vector, x += 4)
                {
                    var four = TLanes.Broadcast(x);
                    left.Add(TLanes.Load(w), four);
                    other.Add(TLanes.Load(w + right), four);
                }

                left.Finish();
                other.Finish();
                (leftDots, otherDots) = (TLanes.Add(leftDots, left.Sums), TLanes.Add(otherDots, other.Sums));
            }

            leftSum = PartSum<TFormat, TLanes, TFloats>.Add(leftSum, TLanes.ToFloats(leftDots), scale, (float*)part + (half * Rows));
            otherSum = PartSum<TFormat, TLanes, TFloats>.Add(otherSum, TLanes.ToFloats(otherDots), scale, (float*)(part + right) + (half * Rows));
        }
    }
}
