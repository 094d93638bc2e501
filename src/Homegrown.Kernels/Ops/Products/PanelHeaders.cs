using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>The scales and minima of panels: a row to a lane, [16], the scales of a part's halves first, then the minima.</summary>
static unsafe class PanelHeaders<TFormat>
    where TFormat : struct, ICodedFormat
{
    const int Rows = PanelLayout.Rows;

    /// <summary>Of a block's halves.</summary>
    static int HalvesBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (TFormat.HasMin ? 2 : 1) * PanelLayout.HalvesBytes;
    }

    /// <summary>Scales are bytes by themselves, without halves.</summary>
    static bool HasOnlyBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.Panels is PanelScales.Exponents or PanelScales.SmallFloats;
    }

    static int PerPart
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.SplitScales ? 2 : 1;
    }

    /// <summary>Scales and minima of a part.</summary>
    static int Kinds
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.HasMin ? 2 * PerPart : PerPart;
    }

    /// <summary>Of what a part has by itself.</summary>
    internal static int PartBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.Panels switch
        {
            PanelScales.Halves => HalvesBytes,
            PanelScales.Blocks => 0,
            PanelScales.SuperBlocks => Kinds * Rows,
            _ => PerPart * Rows,
        };
    }

    /// <summary>What the blocks at rows[0..15] + at hold, packed: their halves, their bytes, or first these and then those.</summary>
    /// <remarks>A square of bytes may reach into the codes behind it, which are packed later.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Pack(byte** rows, nint at, byte* to)
    {
        if (HasOnlyBytes)
        {
            for (var lane = 0; lane < Rows; lane++)
            {
                var bytes = TFormat.Factors(in *(rows[lane] + at));
                for (var i = 0; i < TFormat.BlockSize / Blocks.PartSize * PerPart; i++) to[(i * Rows) + lane] = (byte)bytes[i];
            }

            return;
        }

        var halves = (ushort*)to;
        // The factors of minima in pairs are positive: the sign goes to the half.
        var sign = TFormat.Panels == PanelScales.Pairs ? 0x8000 : 0;
        for (var lane = 0; lane < Rows; lane++)
        {
            var block = (ushort*)(rows[lane] + at + TFormat.HalvesAt);
            halves[lane] = block[0];
            if (TFormat.HasMin) halves[Rows + lane] = (ushort)(block[1] ^ sign);
        }

        if (TFormat.Panels is PanelScales.Halves or PanelScales.Blocks) return;
        var factors = (sbyte*)to + HalvesBytes;
        for (var lane = 0; lane < Rows; lane++) TFormat.Factors(in *(rows[lane] + at)).Store(factors + (lane * Rows));
        Squares.TurnBytes((byte*)factors);
    }

    /// <summary>Those of part <paramref name="part"/> of a group's header to float32, [scales and minima, 16].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Unpack(byte* header, int part, float* to)
    {
        var halves = header + (TFormat.Panels == PanelScales.Halves ? part * HalvesBytes : 0);
        var bytes = header + (HasOnlyBytes ? 0 : HalvesBytes) + (part * PartBytes);
        for (var kind = 0; kind < Kinds; kind++)
            for (var lane = 0; lane < Rows; lane += 8) Scales(halves, bytes, kind, lane).Store(to + (kind * Rows) + lane);
    }

    /// <summary>Eight of one kind, from the halves and bytes that a part has or shares.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> Scales(byte* halves, byte* bytes, int kind, int lane)
    {
        if (TFormat.Panels == PanelScales.Exponents) return Fp4.ScaleOfExponent(Widen(bytes + (kind * Rows) + lane));
        if (TFormat.Panels == PanelScales.SmallFloats) return Fp4.ScaleOfFloat(Widen(bytes + (kind * Rows) + lane));
        var isMin = kind >= PerPart;
        var super = Lanes256.LoadHalves(halves + (isMin ? PanelLayout.HalvesBytes : 0) + (lane * sizeof(ushort)));
        if (TFormat.Panels == PanelScales.SuperBlocks) return super * Vector256.ConvertToSingle((Widen(bytes + (kind * Rows) + lane) << 24) >> 24);
        if (TFormat.Panels != PanelScales.Pairs) return super;
        var pairs = Widen(bytes + (kind % PerPart * Rows) + lane);
        return super * Vector256.ConvertToSingle(isMin ? pairs >> 4 : pairs & Vector256.Create(15));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> Widen(byte* eight)
        => Vector256.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(long*)eight).AsByte()).ToVector256Unsafe()).AsInt32();

    /// <summary>Those of a part of rows as stored, likewise.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Decode(byte** rows, nint at, int part, float* to)
    {
        for (var lane = 0; lane < Rows; lane++)
        {
            TFormat.Scales(in *(rows[lane] + at), part, out to[lane], out var high, out var min);
            if (TFormat.SplitScales) to[Rows + lane] = high;
            if (TFormat.HasMin) to[(PerPart * Rows) + lane] = min;
            if (TFormat.HasMin && TFormat.SplitScales) to[((PerPart + 1) * Rows) + lane] = TFormat.SecondMin(in *(rows[lane] + at), part);
        }
    }
}
