using System.Runtime.CompilerServices;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>
/// What a part adds to the outputs of some rows, a row to a lane. The only place where integer products meet floating point: all
/// kernels with a row to a lane round alike because they come through here, parts in order.
/// </summary>
static unsafe class PartSum<TFormat, TLanes, TFloats>
    where TFormat : struct, ICodedFormat
    where TLanes : struct, IFloatLanes<TFloats>
{
    /// <summary>The part of a format with one scale.</summary>
    /// <param name="dots">Dots of all 32 codes, [lanes].</param>
    /// <param name="x">Scale of the token's part.</param>
    /// <param name="scales">Of the weights, [lanes].</param>
    /// <param name="mins">Of the weights, [lanes].</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static TFloats Add(TFloats sums, TFloats dots, PartScale* x, float* scales, float* mins)
    {
        sums = TLanes.MultiplyAdd(Scaled(dots, x, x->Sum), TLanes.Load(scales), sums);
        return TFormat.HasMin ? TLanes.MultiplyAdd(TLanes.Load(mins), TLanes.Broadcast(x->Sum), sums) : sums;
    }

    /// <summary>The part of a format with a scale for each half.</summary>
    /// <param name="low">Dots of the first 16 codes, [lanes].</param>
    /// <param name="high">Dots of the other 16 codes, [lanes].</param>
    /// <param name="scales">Of the weights, [2, lanes].</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static TFloats AddHalves(TFloats sums, TFloats low, TFloats high, PartScale* x, float* scales, float* mins)
    {
        sums = TLanes.MultiplyAdd(Scaled(low, x, x->SumLow), TLanes.Load(scales), sums);
        sums = TLanes.MultiplyAdd(Scaled(high, x, x->SumHigh), TLanes.Load(scales + TLanes.Count), sums);
        return TFormat.HasMin ? TLanes.MultiplyAdd(TLanes.Load(mins), TLanes.Broadcast(x->Sum), sums) : sums;
    }

    /// <summary>sum of (code - bias) * x from the dot of the codes and the sum of x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TFloats Scaled(TFloats dots, PartScale* x, float sum)
    {
        dots = TLanes.Multiply(dots, TLanes.Broadcast(x->Scale));
        return TFormat.Bias == 0 ? dots : TLanes.MultiplyAdd(TLanes.Broadcast(sum), TLanes.Broadcast(-TFormat.Bias), dots);
    }
}
