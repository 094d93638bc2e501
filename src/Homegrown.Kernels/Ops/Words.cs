using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Homegrown.Kernels.Emit;
using Homegrown.Kernels.Memory;

namespace Homegrown.Kernels.Ops;

/// <summary>
/// Both products of attention in 16-bit integers: c[row, lane] = a scale of the row * a scale of the lane * an exact sum. A row's magnitudes
/// sum to at most 65,000 and a lane's are at most 32,767 each, so that no sum leaves 32 bits, whatever the numbers. For AVX-512.
/// </summary>
static unsafe class Words
{
    /// <summary>Terms of a sum that share scales: fewer are more accurate, more are faster.</summary>
    public const int Stretch = 128;

    const float LargestSum = 65000, Largest = short.MaxValue;

    /// <summary>What is smaller counts as this where a scale is sought: nothing is divided by 0.</summary>
    const float Smallest = 1e-30f;

    const MethodImplOptions Hot = MethodImplOptions.AggressiveOptimization;

    static readonly EmittedKernels Replacing = Kernels(adds: false), Adding = Kernels(adds: true);

    static EmittedKernels Kernels(bool adds) => new(rows => WordEmitter.Emit(rows, adds), WordEmitter.MaxRows);

    /// <summary>Rows of a block that pay for bringing a panel into pairs.</summary>
    public const int MinRows = 16;

    /// <summary>Attention to these pages may use them.</summary>
    public static bool Serve(Compute compute, KvPages pages, AttentionShape shape)
        => compute.Tier >= Tier.Emitted && !compute.Exact && pages.Type != KvType.F32 && shape.KeyDim % WordEmitter.StepTerms == 0;

    /// <summary>Terms in whole steps of the kernels.</summary>
    public static int RoundUp(int terms) => (terms + WordEmitter.StepTerms - 1) & -WordEmitter.StepTerms;

    /// <summary>
    /// Numbers of a row as integers, and zeros up to <see cref="RoundUp"/>; may lie where the numbers lie. Returns the scale: what 1 stands for.
    /// </summary>
    /// <param name="largest">No number has a larger magnitude.</param>
    [MethodImpl(Hot)]
    public static float Row(float* from, int count, float largest, short* to)
    {
        var sum = Vector512<float>.Zero;
        var i = 0;
        for (; i <= count - 16; i += 16) sum += Vector512.Abs(Vector512.Load(from + i));
        var total = Vector512.Sum(sum);
        for (; i < count; i++) total += MathF.Abs(from[i]);
        var inverse = LargestSum / MathF.Max(total, MathF.Max(2 * largest, Smallest));
        var factor = Vector512.Create(inverse);
        for (i = 0; i <= count - 16; i += 16) Avx512F.ConvertToVector256Int16(Round(Vector512.Load(from + i) * factor)).Store(to + i);
        for (; i < count; i++) to[i] = (short)MathF.Round(from[i] * inverse);
        for (; i < RoundUp(count); i++) to[i] = 0;
        return 1 / inverse;
    }

    /// <summary>
    /// Rows of a panel of 32 lanes, [count, 32] times <see cref="KvPanels.Unit"/>, as pairs of neighbouring rows, [count / 2, 32, 2].
    /// </summary>
    /// <param name="unit">What a 1 reads as.</param>
    /// <param name="scales">What 1 stands for in each lane, [32].</param>
    [MethodImpl(Hot)]
    public static void Panel(float* from, int count, float unit, short* to, float* scales)
    {
        const int Lanes = 16;
        var back = Vector512.Create(1 / unit);
        for (var lane = 0; lane < KvPanels.Side; lane += Lanes)
        {
            var largest = Vector512<float>.Zero;
            for (float* row = from + lane, end = row + (count * KvPanels.Side); row < end; row += KvPanels.Side)
                largest = Vector512.MaxNative(Vector512.Abs(Vector512.Load(row)), largest);
            largest = Vector512.MaxNative(largest * back, Vector512.Create(Smallest));
            (largest * (1 / Largest)).Store(scales + lane);
            var inverse = Vector512.Create(Largest) / largest;

            // In two steps: halves lie 2^112 below what they mean, and the inverse of such a number may be beyond floats.
            var pair = to + (2 * lane);
            float* x = from + lane, last = x + ((count - 1) * KvPanels.Side);
            for (; x < last; x += 2 * KvPanels.Side, pair += 2 * KvPanels.Side)
            {
                var (even, odd) = (Round(Vector512.Load(x) * back * inverse), Round(Vector512.Load(x + KvPanels.Side) * back * inverse));
                ((even & Vector512.Create(0xFFFF)) | (odd << 16)).Store((int*)pair);
            }

            if (x == last) (Round(Vector512.Load(x) * back * inverse) & Vector512.Create(0xFFFF)).Store((int*)pair);
        }
    }

    /// <summary>To the nearest integer, ties to even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<int> Round(Vector512<float> numbers) => Avx512F.ConvertToVector512Int32(numbers);

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
