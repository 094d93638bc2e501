using Homegrown.Kernels.Emit;
using Homegrown.Kernels.Memory;

namespace Homegrown.Kernels.Ops;

/// <summary>
/// Both products of attention in 16-bit integers: c[row, lane] = a scale of the row * a scale of the lane * an exact sum. A row's magnitudes
/// sum to at most <see cref="LargestSum"/> and the other side's are at most <see cref="Largest"/>, so that no sum leaves 32 bits, whatever
/// the numbers.
/// </summary>
static unsafe class Words
{
    /// <summary>Numbers of a key that share a scale: fewer are more accurate, more are faster.</summary>
    public const int Stretch = 128;

    /// <summary>Their product and what rounding adds stay below 2^31.</summary>
    public const float LargestSum = 64000, Largest = short.MaxValue;

    /// <summary>What is smaller counts as this where a scale is sought: nothing is divided by 0.</summary>
    public const float Smallest = 1e-30f;

    static readonly EmittedKernels Replacing = Kernels(adds: false), Adding = Kernels(adds: true);

    static EmittedKernels Kernels(bool adds) => new(rows => WordEmitter.Emit(rows, adds), WordEmitter.MaxRows);

    /// <summary>Attention to these pages may use them.</summary>
    public static bool Serve(Compute compute, KvPages pages, AttentionShape shape)
        => compute.Tier >= Tier.Emitted && !compute.Exact && pages.Type != KvType.F32 && shape.KeyDim % WordEmitter.StepTerms == 0;

    /// <summary>c[row, lane], 32 lanes, for terms in whole steps; <paramref name="adds"/> to what is there.</summary>
    /// <param name="a">[rows, terms], <paramref name="aStride"/> words from a row to the next.</param>
    /// <param name="aScales">[rows].</param>
    /// <param name="b">[terms / 2, 32, 2]; what lies beside zeros of a has no meaning.</param>
    /// <param name="bScales">[32].</param>
    public static void Multiply(short* a, nint aStride, float* aScales, short* b, float* bScales, float* c, nint cStride, int rows, int terms, bool adds)
    {
        const int Block = WordEmitter.MaxRows;
        var call = new WordCall
        {
            A = a,
            ABytes = aStride * sizeof(short),
            AScales = aScales,
            B = b,
            BScales = bScales,
            C = c,
            CBytes = cStride * sizeof(float),
            Steps = terms / WordEmitter.StepTerms,
            Blocks = rows / Block,
        };
        var kernels = adds ? Adding : Replacing;
        if (call.Blocks > 0) kernels.Run(Block, &call);
        call.Blocks = 1;
        if (rows % Block > 0) kernels.Run(rows % Block, &call);
    }
}
