using System.Runtime.CompilerServices;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>
/// What a part adds to the outputs of some rows, a row to a lane. The only place where integer products meet floating point: all
/// kernels with a row to a lane round alike because they come through here, or do the same in emitted code: first the
/// parts in order, in each the codes' share half by half and then the minimum's, likewise; afterwards the rests' shares in order.
/// </summary>
static unsafe class PartSum<TFormat, TLanes, TFloats>
    where TFormat : struct, ICodedFormat
    where TLanes : struct, IFloatLanes<TFloats>
{
    /// <summary>The share of 32 codes, or of 16 that have a scale of their own.</summary>
    /// <param name="dots">Dots of the codes without bias, [lanes].</param>
    /// <param name="x">Scale of the activations' codes, or of their rests.</param>
    /// <param name="scales">Of the weights, [lanes].</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static TFloats Add(TFloats sums, TFloats dots, float x, float* scales)
        => TLanes.MultiplyAdd(TLanes.Multiply(dots, TLanes.Broadcast(x)), TLanes.Load(scales), sums);

    /// <summary>The share of the minimum, or of both halves'.</summary>
    /// <param name="mins">Of the weights, [minima, 16 lanes].</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static TFloats AddMins(TFloats sums, PartCodes* x, float* mins)
    {
        if (!TFormat.HasMin) return sums;
        if (!TFormat.SplitScales) return TLanes.MultiplyAdd(TLanes.Load(mins), TLanes.Broadcast(x->Sum), sums);
        sums = TLanes.MultiplyAdd(TLanes.Load(mins), TLanes.Broadcast(x->FirstSum), sums);
        return TLanes.MultiplyAdd(TLanes.Load(mins + PanelLayout.Rows), TLanes.Broadcast(x->SecondSum), sums);
    }
}
