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
    internal static int HalvesBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (TFormat.HasMin ? 2 : 1) * PanelLayout.HalvesBytes;
    }

    static bool HasSuperBlocks
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.Panels == PanelScales.SuperBlocks;
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
        get => PerPart + (TFormat.HasMin ? 1 : 0);
    }

    /// <summary>What the blocks at rows[0..15] + at hold, packed: their halves, and the 8 bits for each part that a super-block has.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Pack(byte** rows, nint at, byte* to)
    {
        var halves = (ushort*)to;
        for (var lane = 0; lane < Rows; lane++)
        {
            var block = (ushort*)(rows[lane] + at + TFormat.HalvesAt);
            halves[lane] = block[0];
            if (TFormat.HasMin) halves[Rows + lane] = block[1];
        }

        if (!HasSuperBlocks) return;
        var factors = (sbyte*)to + HalvesBytes;
        for (var lane = 0; lane < Rows; lane++) TFormat.Factors(in *(rows[lane] + at)).Store(factors + (lane * Rows));
        Squares.TurnBytes((byte*)factors);
    }

    /// <summary>Those of part <paramref name="part"/> of a group's header to float32, [halves and minimum, 16].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Unpack(byte* header, int part, float* to)
    {
        var halves = header + (HasSuperBlocks ? 0 : part * HalvesBytes);
        var factors = (sbyte*)header + HalvesBytes + (part * Kinds * Rows);
        for (var kind = 0; kind < Kinds; kind++, factors += Rows)
        {
            var from = halves + (TFormat.HasMin && kind == PerPart ? PanelLayout.HalvesBytes : 0);
            for (var lane = 0; lane < Rows; lane += 8)
            {
                var scales = Lanes256.LoadHalves(from + (lane * sizeof(ushort)));
                (HasSuperBlocks ? scales * Bytes(factors + lane) : scales).Store(to + (kind * Rows) + lane);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> Bytes(sbyte* eight)
        => Vector256.ConvertToSingle(Vector256.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(long*)eight).AsSByte()).ToVector256Unsafe()));

    /// <summary>Those of a part of rows as stored, likewise.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Decode(byte** rows, nint at, int part, float* to)
    {
        for (var lane = 0; lane < Rows; lane++)
        {
            TFormat.Scales(in *(rows[lane] + at), part, out to[lane], out var high, out var min);
            if (TFormat.SplitScales) to[Rows + lane] = high;
            if (TFormat.HasMin) to[(PerPart * Rows) + lane] = min;
        }
    }
}
