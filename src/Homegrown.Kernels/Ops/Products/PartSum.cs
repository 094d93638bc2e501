using System.Runtime.CompilerServices;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>
/// What a part adds to the outputs of some rows, a row to a lane. The only place where 8-bit products meet floating point: all
/// kernels with a row to a lane round alike because they come through here, parts in order.
/// </summary>
static unsafe class PartSum<TFormat, TLanes, TFloats>
    where TFormat : struct, ICodedFormat
    where TLanes : struct, IFloatLanes<TFloats>
{
    /// <param name="low">Dots of the first 16 codes, [lanes].</param>
    /// <param name="high">Dots of the other 16 codes, [lanes].</param>
    /// <param name="x">Scales of the token's part.</param>
    /// <param name="scales">Of the weights, [lanes], or with split scales [2, lanes].</param>
    /// <param name="mins">Of the weights, [lanes].</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static TFloats Add(TFloats sums, TFloats low, TFloats high, PartScales* x, float* scales, float* mins)
    {
        low = TLanes.Multiply(low, TLanes.Broadcast(x->Low));
        if (TFormat.SplitScales)
        {
            high = TLanes.Multiply(high, TLanes.Broadcast(x->High));
            sums = TLanes.MultiplyAdd(WithoutBias(low, x->SumLow), TLanes.Load(scales), sums);
            sums = TLanes.MultiplyAdd(WithoutBias(high, x->SumHigh), TLanes.Load(scales + TLanes.Count), sums);
        }
        else
        {
            var both = TLanes.MultiplyAdd(high, TLanes.Broadcast(x->High), WithoutBias(low, x->Sum));
            sums = TLanes.MultiplyAdd(both, TLanes.Load(scales), sums);
        }

        return TFormat.HasMin ? TLanes.MultiplyAdd(TLanes.Load(mins), TLanes.Broadcast(x->Sum), sums) : sums;
    }

    /// <summary>sum of (code - bias) * x from sum of code * x and sum of x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static TFloats WithoutBias(TFloats dots, float sum)
        => TFormat.Bias == 0 ? dots : TLanes.MultiplyAdd(TLanes.Broadcast(sum), TLanes.Broadcast(-TFormat.Bias), dots);
}
