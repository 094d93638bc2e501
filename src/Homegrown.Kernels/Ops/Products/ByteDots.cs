using System.Runtime.CompilerServices;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>
/// A vector of dots of bytes, codes of weights with codes of activations. Where the processor has no instruction for them, products
/// are summed in pairs of 16 bits, as many as fit, before they are widened to 32: a half of the additions and of the multiplier's work.
/// </summary>
struct ByteDots<TFormat, TLanes, TInts, TFloats>
    where TFormat : struct, ICodedFormat
    where TLanes : struct, IByteLanes<TInts, TFloats>
    where TInts : struct
{
    TInts sums;

    /// <summary>Dots, once <see cref="Finish"/>ed.</summary>
    public readonly TInts Sums
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => sums;
    }

    static bool InPairs
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.Bits < 8 && !TLanes.HasDots;
    }

    /// <summary>Vectors of four columns that may be added. A pair of products is at most 2 * 127 * (2^bits - 1): 3810 for 4 bits, 7874, 16002.</summary>
    public static int Groups
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => !InPairs || TFormat.Bits <= 4 ? 8 : TFormat.Bits == 5 ? 4 : 2;
    }

    /// <summary>Four columns. Codes of 8 bits stand for code - 128.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(TInts codes, TInts x)
        => sums = TFormat.Bits == 8 ? TLanes.AddSigned(sums, codes, x)
            : InPairs ? TLanes.AddPairs(sums, codes, x)
            : TLanes.AddDots(sums, codes, x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Finish()
    {
        if (InPairs) sums = TLanes.SumPairs(sums);
    }

    /// <summary>Adds dots that are finished to finished dots.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe void AddFrom(int* dots) => sums = TLanes.Add(sums, TLanes.Load((byte*)dots));
}
