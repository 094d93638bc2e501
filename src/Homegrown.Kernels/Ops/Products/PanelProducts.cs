using System.Numerics;
using System.Runtime.CompilerServices;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>
/// Products of codes in .NET's vectors of 256 and 512 bits. A panel of 16 rows is unpacked once for all tokens; a token's four codes,
/// repeated in all lanes, multiply its one vector or two, and no sum crosses lanes. Sums of floats stay in memory: registers are for the dots.
/// </summary>
static unsafe class PanelProducts<TFormat, TLanes, TInts, TFloats>
    where TFormat : struct, ICodedFormat
    where TLanes : struct, IByteLanes<TInts, TFloats>
    where TInts : struct
    where TFloats : struct
{
    const int Rows = PanelLayout.Rows, Vector = PanelLayout.VectorBytes;

    /// <summary>From a vector of the first eight rows to that of the others, in bytes.</summary>
    const int Right = Vector / 2;

    /// <summary>Tokens of a tile.</summary>
    const int Tile = QuantizedRows.RowGroup;

    /// <summary>A vector is half of a panel's rows.</summary>
    static bool InHalves
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TLanes.Count < Rows;
    }

    internal static void Run(in Operands operands, Weight w, int first, int count, int column)
    {
        var memory = Scratch.Take(Panels<TFormat>.Unpacked.PanelBytes(w.Columns));
        // The tiles leave their sums in memory and call nothing: vectors that live across a call would be kept there all along.
        var sums = stackalloc float[Tile * Rows];
        var dots = stackalloc int[Tile * Rows];
        var parts = w.Columns / Blocks.PartSize;
        for (var r = 0; r < count; r += Rows)
        {
            var rows = Math.Min(Rows, count - r);
            Panels<TFormat>.Unpack(w, first + r, memory);
            for (var t = 0; t < operands.Tokens; t += Tile)
            {
                var tokens = Math.Min(Tile, operands.Tokens - t);
                new Span<float>(sums, Tile * Rows).Clear();
                if (tokens == 1) One(memory, operands.Quantized.Row(t), parts, sums);
                else Four(memory, operands.Quantized.Row(t), parts, sums, dots);
                for (var i = 0; i < tokens; i++)
                {
                    Rests(memory, operands.Quantized.Row(t + i), operands.Quantized.Flags(t + i), parts, sums + (i * Rows));
                    new ReadOnlySpan<float>(sums + (i * Rows), rows).CopyTo(new(operands.Y.RowPointer(t + i) + column + r, rows));
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

    /// <summary>The codes of four tokens, one row of parts after the other, to sums, [4, 16]. Where there are fewer, the others are memory without meaning.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Four(byte* panel, PartCodes* x, int parts, float* sums, int* dots)
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
                        if (InHalves) other.Add(w + Right, xa, xb, xc, xd);
                        (xa, xb, xc, xd) = (TLanes.Broadcast(a + 4), TLanes.Broadcast(b + 4), TLanes.Broadcast(c + 4), TLanes.Broadcast(d + 4));
                        left.Add(w + Vector, xa, xb, xc, xd);
                        if (InHalves) other.Add(w + Right + Vector, xa, xb, xc, xd);
                    }

                    left.Finish();
                    if (InHalves) other.Finish();
                    if (RunGroups == HalfGroups) break;
                    if (run > 0) left.AddFrom(dots);
                    if (InHalves && run > 0) other.AddFrom(dots + TLanes.Count);
                    left.Store(dots);
                    if (InHalves) other.Store(dots + TLanes.Count);
                }

                left.AddTo(sums, panel, half, x, stride);
                if (InHalves) other.AddTo(sums + TLanes.Count, panel + Right, half, x, stride);
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
    static int Minus(int half, MinusSums sums) => TFormat.Bias * (!TFormat.SplitScales ? sums.All : half == 0 ? sums.First : sums.Second);

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
            b.AddFrom(dots + Rows);
            c.AddFrom(dots + (2 * Rows));
            d.AddFrom(dots + (3 * Rows));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Store(int* dots)
        {
            TLanes.Store(a.Sums, (byte*)dots);
            TLanes.Store(b.Sums, (byte*)(dots + Rows));
            TLanes.Store(c.Sums, (byte*)(dots + (2 * Rows)));
            TLanes.Store(d.Sums, (byte*)(dots + (3 * Rows)));
        }

        /// <summary>Adds a half's share to the sums, [4, 16].</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void AddTo(float* sums, byte* header, int half, PartCodes* x, nint stride)
        {
            var token = (byte*)x;
            Add(a.Sums, sums, header, half, (PartCodes*)token);
            Add(b.Sums, sums + Rows, header, half, (PartCodes*)(token + stride));
            Add(c.Sums, sums + (2 * Rows), header, half, (PartCodes*)(token + (2 * stride)));
            Add(d.Sums, sums + (3 * Rows), header, half, (PartCodes*)(token + (3 * stride)));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static void Add(TInts dots, float* sum, byte* header, int half, PartCodes* x)
        {
            if (TFormat.Bias != 0) dots = TLanes.Add(dots, TLanes.Fill(Minus(half, x->CodeSums)));
            TLanes.Store(Share(TLanes.Load(sum), dots, header, half, x), sum);
        }
    }

    /// <summary>The codes of a token, a vector of rows after the other. Not in <see cref="ByteDots{TFormat,TLanes,TInts,TFloats}"/>: with 512 bits that took three times as long.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void One(byte* panel, PartCodes* x, int parts, float* sums)
    {
        for (var lane = 0; lane < Rows; lane += TLanes.Count)
        {
            TFloats sum = default;
            var part = panel + (lane * sizeof(float));
            for (var p = 0; p < parts; p++, part += PartBytes)
                sum = PartSum<TFormat, TLanes, TFloats>.AddMins(AddPart(sum, part, x[p].Codes, x[p].CodeSums, x[p].Scale), x + p, (float*)part + MinAt);
            TLanes.Store(sum, sums + lane);
        }
    }

    /// <summary>The rests of a token, of which few parts have any.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Rests(byte* panel, PartCodes* x, byte* hasRest, int parts, float* sums)
    {
        var left = TLanes.Load(sums);
        var other = InHalves ? TLanes.Load(sums + TLanes.Count) : default;
        for (var eight = 0; eight < parts; eight += 8)
        {
            for (var flags = *(ulong*)(hasRest + eight); flags != 0; flags &= flags - 1)
            {
                var p = eight + (BitOperations.TrailingZeroCount(flags) / 8);
                var part = panel + (p * (nint)PartBytes);
                left = AddPart(left, part, x[p].Rests, x[p].RestSums, x[p].RestScale);
                if (InHalves) other = AddPart(other, part + Right, x[p].Rests, x[p].RestSums, x[p].RestScale);
            }
        }

        TLanes.Store(left, sums);
        if (InHalves) TLanes.Store(other, sums + TLanes.Count);
    }

    /// <summary>The share of a part's 32 codes or rests in the sums of a token and a vector of rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TFloats AddPart(TFloats sum, byte* part, sbyte* x, MinusSums minus, float scale)
    {
        var w = part + HeaderBytes;
        var dots = Dots(TLanes.Fill(Minus(0, minus)), w, x);
        if (TFormat.SplitScales)
        {
            sum = PartSum<TFormat, TLanes, TFloats>.Add(sum, TLanes.ToFloats(dots), scale, (float*)part);
            dots = TLanes.Fill(Minus(1, minus));
        }

        dots = Dots(dots, w + (4 * Vector), x + 16);
        return PartSum<TFormat, TLanes, TFloats>.Add(sum, TLanes.ToFloats(dots), scale, (float*)part + ((PerPart - 1) * Rows));
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
