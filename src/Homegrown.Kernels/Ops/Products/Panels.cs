using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>Panels of one format: made from rows as they are stored, packed, and unpacked to bytes and float scales.</summary>
static unsafe class Panels<TFormat>
    where TFormat : struct, ICodedFormat
{
    const int Rows = PanelLayout.Rows, Vector = PanelLayout.VectorBytes, PartBytes = PanelLayout.Groups * Vector;

    /// <summary>Signed bytes are kept as code + 128.</summary>
    const byte Sign = 0x80;

    /// <summary>Of packed panels; null for a format that is multiplied from its stored form.</summary>
    internal static PanelLayout? Packed { get; } = TFormat.Panels is { } scales ? new(TFormat.Bits, scales, TFormat.HasMin, TFormat.SplitScales, Bias) : null;

    /// <summary>Of unpacked panels: codes of 8 bits, [parts, 8, 16, 4], scales in float32.</summary>
    internal static PanelLayout Unpacked { get; } = new(8, PanelScales.Floats, TFormat.HasMin, TFormat.SplitScales, Bias);

    static int Bias => TFormat.Bits == 8 ? Sign : TFormat.Bias;

    /// <summary>16 rows of a weight from <paramref name="first"/> on, unpacked. Where there are fewer, the last one again.</summary>
    internal static void Unpack(Weight w, int first, byte* to)
    {
        var (stored, parts) = (new StoredRows(w, w.Panels is null ? first : 0), w.Columns / Blocks.PartSize);
        var packed = w.Panels is null ? null : w.Data + (first / Rows * w.Panels.PanelBytes(w.Columns));
        for (var p = 0; p < parts; p++)
        {
            var scales = (float*)(to + Unpacked.ScalesAt(p));
            var codes = to + Unpacked.CodesAt(p);
            if (packed != null)
            {
                UnpackScales(packed + Packed!.HalvesAt(p), (sbyte*)packed + Packed.ScalesAt(p), scales);
                UnpackCodes(packed + Packed.CodesAt(p), codes);
            }
            else
            {
                Scales(stored, p, scales);
                Turn(stored, p, codes);
            }
        }
    }

    /// <summary>16 rows of a weight as stored, packed.</summary>
    internal static void Pack(Weight w, int first, byte* to)
    {
        var (layout, rows) = (Packed!, new StoredRows(w, first));
        var codes = stackalloc byte[PartBytes];
        for (var p = 0; p < w.Columns / Blocks.PartSize; p++)
        {
            Turn(rows, p, codes);
            PackCodes(codes, to + layout.CodesAt(p));
            PackScales(rows, p, (ushort*)(to + layout.HalvesAt(p)), (sbyte*)to + layout.ScalesAt(p));
        }
    }

    static int PartsPerBlock => TFormat.BlockSize / Blocks.PartSize;

    readonly struct StoredRows(Weight w, int first)
    {
        readonly byte* data = w.Data + (first * w.RowBytes);
        readonly long rowBytes = w.RowBytes;
        readonly int last = Math.Min(Rows, w.Rows - first) - 1;

        /// <summary>The block of a row that holds part <paramref name="part"/>.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public byte* Block(int lane, int part) => data + (Math.Min(lane, last) * rowBytes) + (part / PartsPerBlock * TFormat.BlockBytes);
    }

    /// <summary>The codes of a part of 16 rows, a row to a lane, [8, 16, 4].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Turn(in StoredRows rows, int part, byte* to)
    {
        for (var lane = 0; lane < Rows; lane += 8)
        {
            Squares.Turn(
                Codes(rows, lane, part), Codes(rows, lane + 1, part), Codes(rows, lane + 2, part), Codes(rows, lane + 3, part),
                Codes(rows, lane + 4, part), Codes(rows, lane + 5, part), Codes(rows, lane + 6, part), Codes(rows, lane + 7, part),
                out var g0, out var g1, out var g2, out var g3, out var g4, out var g5, out var g6, out var g7);
            var at = (int*)to + lane;
            g0.Store(at);
            g1.Store(at + Rows);
            g2.Store(at + (2 * Rows));
            g3.Store(at + (3 * Rows));
            g4.Store(at + (4 * Rows));
            g5.Store(at + (5 * Rows));
            g6.Store(at + (6 * Rows));
            g7.Store(at + (7 * Rows));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> Codes(in StoredRows rows, int lane, int part)
    {
        var codes = TFormat.Codes(in *rows.Block(lane, part), part % PartsPerBlock);
        return (TFormat.Bits == 8 ? codes ^ Vector256.Create(sbyte.MinValue) : codes).AsInt32();
    }

    /// <summary>Bytes to planes (<see cref="PanelLayout"/>), two halves of 8 lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void PackCodes(byte* codes, byte* planes)
    {
        var from = 0;
        foreach (var bits in Packed!.Planes)
        {
            for (var vector = 0; vector < bits; vector++, planes += Vector)
            {
                for (var half = 0; half < Vector; half += 32)
                {
                    var packed = Vector256<int>.Zero;
                    for (var i = 0; i < 8 / bits; i++)
                    {
                        var group = Vector256.Load((int*)(codes + half + (((vector * 8 / bits) + i) * Vector)));
                        packed |= ((group >>> from) & Mask(bits)) << (i * bits);
                    }

                    packed.Store((int*)(planes + half));
                }
            }

            from += bits;
        }
    }

    /// <summary>Planes to bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void UnpackCodes(byte* planes, byte* codes)
    {
        var from = 0;
        foreach (var bits in Packed!.Planes)
        {
            for (var vector = 0; vector < bits; vector++, planes += Vector)
            {
                for (var half = 0; half < Vector; half += 32)
                {
                    var packed = Vector256.Load((int*)(planes + half));
                    for (var i = 0; i < 8 / bits; i++)
                    {
                        var to = (int*)(codes + half + (((vector * 8 / bits) + i) * Vector));
                        var group = ((packed >>> (i * bits)) & Mask(bits)) << from;
                        (from == 0 ? group : group | Vector256.Load(to)).Store(to);
                    }
                }
            }

            from += bits;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> Mask(int bits) => Vector256.Create((byte)((1 << bits) - 1)).AsInt32();

    static bool HasSuperBlocks => TFormat.Panels == PanelScales.SuperBlocks;

    static int PerPart => TFormat.SplitScales ? 2 : 1;

    /// <summary>A part's scales and minima in float32, [halves and minimum, 16].</summary>
    static void Scales(in StoredRows rows, int part, float* to)
    {
        for (var lane = 0; lane < Rows; lane++)
        {
            TFormat.Scales(in *rows.Block(lane, part), part % PartsPerBlock, out to[lane], out var high, out var min);
            if (TFormat.SplitScales) to[Rows + lane] = high;
            if (TFormat.HasMin) to[(PerPart * Rows) + lane] = min;
        }
    }

    static void PackScales(in StoredRows rows, int part, ushort* halves, sbyte* factors)
    {
        for (var lane = 0; lane < Rows; lane++)
        {
            var stored = TFormat.Header(in *rows.Block(lane, part), part % PartsPerBlock);
            halves[lane] = stored.Scale;
            if (TFormat.HasMin) halves[Rows + lane] = stored.Min;
            if (!HasSuperBlocks) continue;
            factors[lane] = stored.Low;
            if (TFormat.SplitScales) factors[Rows + lane] = stored.High;
            if (TFormat.HasMin) factors[(PerPart * Rows) + lane] = stored.MinFactor;
        }
    }

    /// <summary>To float32, [halves and minimum, 16].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void UnpackScales(byte* halves, sbyte* factors, float* to)
    {
        for (var i = 0; i < PerPart + (TFormat.HasMin ? 1 : 0); i++, to += Rows, factors += Rows)
        {
            var from = halves + (TFormat.HasMin && i == PerPart ? Rows * sizeof(ushort) : 0);
            for (var lane = 0; lane < Rows; lane += 8)
            {
                var scales = Lanes256.LoadHalves(from + (lane * sizeof(ushort)));
                (HasSuperBlocks ? scales * Bytes(factors + lane) : scales).Store(to + lane);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> Bytes(sbyte* eight)
        => Vector256.ConvertToSingle(Vector256.Create(eight[0], eight[1], eight[2], eight[3], eight[4], eight[5], eight[6], (int)eight[7]));

    /// <summary>One row of a packed weight as floats, [columns].</summary>
    internal static void Dequantize(Weight w, int row, Span<float> values)
    {
        var layout = w.Panels!;
        var panel = w.Data + (row / Rows * layout.PanelBytes(w.Columns));
        var lane = row % Rows;
        for (var c = 0; c < w.Columns; c++)
        {
            var (part, i) = (c / Blocks.PartSize, c % Blocks.PartSize);
            var (group, half) = (i / 4, TFormat.SplitScales && i >= Blocks.PartSize / 2 ? Rows : 0);
            var planes = panel + layout.CodesAt(part) + (lane * 4) + (i % 4);
            var (code, from) = (0, 0);
            foreach (var bits in layout.Planes)
            {
                var stored = planes[group * bits / 8 * Vector] >> (group % (8 / bits) * bits);
                code |= (stored & ((1 << bits) - 1)) << from;
                planes += bits * Vector;
                from += bits;
            }

            var halves = (ushort*)(panel + layout.HalvesAt(part));
            var factors = (sbyte*)panel + layout.ScalesAt(part);
            values[c] = F16.ToSingle(halves[lane]) * (HasSuperBlocks ? factors[half + lane] : 1) * (code - layout.Bias);
            if (TFormat.HasMin) values[c] += F16.ToSingle(halves[Rows + lane]) * (HasSuperBlocks ? factors[(PerPart * Rows) + lane] : 1);
        }
    }
}
