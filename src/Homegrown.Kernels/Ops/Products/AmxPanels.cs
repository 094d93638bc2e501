using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Homegrown.Kernels.Emit;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>
/// 16 rows of a coded weight in bfloat16 as AMX takes them: a tile for 32 columns, [16 pairs of columns, 16 rows, 2]. Each weight is
/// the nearest to its float32 value, ties to even.
/// </summary>
static unsafe class AmxPanels<TFormat>
    where TFormat : struct, ICodedFormat
{
    const int Lanes = PanelLayout.Rows, Vector = PanelLayout.VectorBytes;

    static int PerPart
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.SplitScales ? 2 : 1;
    }

    static int Bias
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.Bits == 8 ? 128 : TFormat.Bias;
    }

    /// <summary>Rows from <paramref name="first"/> on, to columns / 32 tiles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Unpack(Weight w, int first, byte* to)
    {
        var unpacked = Panels<TFormat>.Unpacked;
        var (partBytes, headerBytes, parts) = (unpacked.GroupBytes, unpacked.HeaderBytes, w.Columns / Blocks.PartSize);
        // Codes as bytes take less room than bfloat16: they lie at the end of it, and the tiles never catch up with them.
        var from = to + ((long)parts * AmxCall.TileBytes) - ((long)parts * partBytes);
        Panels<TFormat>.Unpack(w, first, from);
        for (; parts > 0; parts--, from += partBytes, to += AmxCall.TileBytes) Widen((float*)from, from + headerBytes, to);
    }

    /// <summary>A part of codes, [8, 16, 4], to pairs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Widen(float* scales, byte* codes, byte* to)
    {
        var (low, high) = (Load(scales), Load(scales + ((PerPart - 1) * Lanes)));
        var lowMin = TFormat.HasMin ? Load(scales + (PerPart * Lanes)) : Vector512<float>.Zero;
        var highMin = TFormat.HasMin && TFormat.SplitScales ? Load(scales + ((PerPart + 1) * Lanes)) : lowMin;
        // scale * (code - bias) + min; the bias is a power of two, so that nothing is lost.
        var (lowOffset, highOffset) = (lowMin - (low * Bias), highMin - (high * Bias));
        for (var end = codes + (PanelLayout.Groups / 2 * Vector); codes < end; codes += Vector, to += 2 * Vector) Widen(Vector512.Load((uint*)codes), low, lowOffset, to);
        for (var end = codes + (PanelLayout.Groups / 2 * Vector); codes < end; codes += Vector, to += 2 * Vector) Widen(Vector512.Load((uint*)codes), high, highOffset, to);
    }

    /// <summary>16 numbers; NaN as the processor makes it, whose lower half does not run over when it is rounded.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<float> Load(float* from)
    {
        var scales = Vector512.Load(from);
        return Vector512.ConditionalSelect(Vector512.Equals(scales, scales), scales, Vector512.Create(float.NaN));
    }

    /// <summary>Four columns of all rows: two pairs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Widen(Vector512<uint> codes, Vector512<float> scale, Vector512<float> offset, byte* to)
    {
        var mask = Vector512.Create(0xFFu);
        Pair(codes & mask, (codes >>> 8) & mask, scale, offset).Store((uint*)to);
        Pair((codes >>> 16) & mask, codes >>> 24, scale, offset).Store((uint*)(to + Vector));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<uint> Pair(Vector512<uint> even, Vector512<uint> odd, Vector512<float> scale, Vector512<float> offset)
        => (Rounded(even, scale, offset) >>> 16) | (Rounded(odd, scale, offset) & Vector512.Create(0xFFFF0000u));

    /// <summary>In the upper half of each lane; the lower is noise.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<uint> Rounded(Vector512<uint> codes, Vector512<float> scale, Vector512<float> offset)
    {
        var bits = Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(codes.AsInt32()), scale, offset).AsUInt32();
        return bits + Vector512.Create(0x7FFFu) + ((bits >>> 16) & Vector512<uint>.One);
    }
}
