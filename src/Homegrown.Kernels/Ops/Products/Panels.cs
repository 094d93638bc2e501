using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>Panels of one format: made from rows as they are stored, packed, and unpacked to bytes and float scales.</summary>
/// <remarks>A model is packed once, when nothing is warm: what loops is compiled in full before its first call.</remarks>
static unsafe class Panels<TFormat>
    where TFormat : struct, ICodedFormat
{
    const int Rows = PanelLayout.Rows, CacheLine = 64;

    /// <summary>Signed bytes are kept as code + 128.</summary>
    const byte Sign = 0x80;

    /// <summary>Of packed panels; null for a format that is multiplied from its stored form.</summary>
    internal static PanelLayout? Packed { get; } = TFormat.Panels is { } scales
        ? new(PanelCodes<TFormat>.Bits, scales, TFormat.HasMin, TFormat.SplitScales, Bias)
        {
            FirstBit = TFormat.FirstBit,
            Levels = TFormat.HasLevels ? TFormat.Levels : null,
            BlockParts = TFormat.BlockSize / Blocks.PartSize,
        }
        : null;

    /// <summary>Of unpacked panels: codes of 8 bits, [parts, 8, 16, 4], scales in float32.</summary>
    internal static PanelLayout Unpacked { get; } = new(8, PanelScales.Floats, TFormat.HasMin, TFormat.SplitScales, Bias);

    static int Bias
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.Bits == 8 ? Sign : TFormat.Bias;
    }

    static int PartsPerBlock
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.BlockSize / Blocks.PartSize;
    }

    /// <summary>16 rows of a weight as stored, packed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Pack(Weight w, int first, byte* to)
    {
        var layout = Packed!;
        var (groupBytes, headerBytes, codeBytes, groupParts) = (layout.GroupBytes, layout.HeaderBytes, layout.CodeBytes, layout.GroupParts);
        var rows = stackalloc byte*[Rows];
        Point(rows, w, first);
        // The next panel is fetched meanwhile, in order: 16 rows at once are more streams than processors follow by themselves.
        var ahead = rows[0] + (Rows * w.RowBytes);
        for (nint at = 0; at < w.RowBytes; to += groupBytes)
        {
            for (var part = 0; part < groupParts; part += PartsPerBlock, at += TFormat.BlockBytes)
            {
                for (var end = rows[0] + (Rows * (w.RowBytes + at + TFormat.BlockBytes)); ahead < end; ahead += CacheLine) Sse.Prefetch1(ahead);
                PanelHeaders<TFormat>.Pack(rows, at, to + (part * PanelHeaders<TFormat>.PartBytes));
                var codes = to + headerBytes + (part * codeBytes);
                for (var p = 0; p < PartsPerBlock; p++) PanelCodes<TFormat>.Pack(rows, at, p, codes + (p * codeBytes));
            }
        }
    }

    /// <summary>16 rows of a weight from <paramref name="first"/> on, unpacked. Where there are fewer, the last one again.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Unpack(Weight w, int first, byte* to)
    {
        var (headerBytes, partBytes) = (Unpacked.HeaderBytes, Unpacked.GroupBytes);
        if (w.Panels is { } layout)
        {
            var parts = new PackedParts(layout, w, first);
            for (; parts.Next(); to += partBytes) parts.Unpack(to, to + headerBytes);
            return;
        }

        var rows = stackalloc byte*[Rows];
        Point(rows, w, first);
        for (nint at = 0; at < w.RowBytes; at += TFormat.BlockBytes)
        {
            for (var part = 0; part < PartsPerBlock; part++, to += partBytes)
            {
                PanelHeaders<TFormat>.Decode(rows, at, part, (float*)to);
                PanelCodes<TFormat>.Widen(rows, at, part, to + headerBytes);
            }
        }
    }

    /// <summary>One row of a packed weight as floats, [columns].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Dequantize(Weight w, int row, Span<float> values)
    {
        var scales = stackalloc float[4 * Rows];
        var elements = stackalloc int[PanelLayout.Groups * Rows];
        var lane = row % Rows;
        var codes = stackalloc int[PanelLayout.Groups];
        var parts = new PackedParts(w.Panels!, w, row - lane);
        for (; parts.Next(); values = values[Blocks.PartSize..])
        {
            parts.Unpack((byte*)scales, (byte*)elements);
            for (var g = 0; g < PanelLayout.Groups; g++) codes[g] = elements[(g * Rows) + lane];
            var half = TFormat.SplitScales ? Rows : 0;
            var own = scales + lane;
            Blocks.Decode<TFormat>(
                (Vector256.Load((byte*)codes) - Vector256.Create((byte)Bias)).AsSByte(), own[0], own[half], own[half + Rows], own[half + Rows + half], values);
        }
    }

    /// <summary>The blocks that 16 rows begin with.</summary>
    static void Point(byte** rows, Weight w, int first)
    {
        for (var lane = 0; lane < Rows; lane++) rows[lane] = w.Data + (Math.Min(first + lane, w.Rows - 1) * w.RowBytes);
    }

    /// <summary>The parts of a packed panel, one after the other.</summary>
    struct PackedParts(PanelLayout layout, Weight w, int first)
    {
        readonly int groupBytes = layout.GroupBytes, headerBytes = layout.HeaderBytes, codeBytes = layout.CodeBytes, groupParts = layout.GroupParts;
        byte* group = w.Data + (first / Rows * layout.PanelBytes(w.Columns)) - layout.GroupBytes;
        int part = layout.GroupParts - 1, left = w.Columns / Blocks.PartSize;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public bool Next()
        {
            if (++part == groupParts)
            {
                part = 0;
                group += groupBytes;
            }

            return left-- > 0;
        }

        /// <summary>To scales in float32 and codes in bytes.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Unpack(byte* scales, byte* codes)
        {
            PanelHeaders<TFormat>.Unpack(group, part, (float*)scales);
            PanelCodes<TFormat>.Unpack(group + headerBytes + (part * codeBytes), codes);
        }
    }
}
