using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Homegrown.Kernels.Quant;

/// <summary>Scales of four rows, a row to a lane: <see cref="ICodedFormat.Scales(in FourRows, int, float*, float*, int)"/>.</summary>
static unsafe class LaneScales
{
    /// <summary>An infinity or NaN has all five bits of the exponent.</summary>
    const int NotFinite = 0x7C007C00;

    /// <summary>Blocks of 32 that begin with the scale, a half, and after it the minimum if there is one.</summary>
    internal static void Halves<TFormat>(in FourRows rows, int blocks, float* scales, float* mins, int stride)
        where TFormat : struct, ICodedFormat
    {
        if (!Convert<TFormat>(rows, blocks, scales, mins, stride)) OneByOne<TFormat>(rows, blocks, scales, mins, stride);
    }

    /// <summary>
    /// The first 32 bits of four blocks as two vectors of halves, <see cref="F16.ToSingle(ushort)"/> without its branch. False if
    /// that branch was needed: a scale is not finite.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static bool Convert<TFormat>(in FourRows rows, int blocks, float* scales, float* mins, int stride)
        where TFormat : struct, ICodedFormat
    {
        var (notFinite, exponents) = (Vector128<short>.Zero, Vector128.Create(TFormat.HasMin ? NotFinite : NotFinite & 0xFFFF).AsInt16());
        for (nint at = 0; at < (nint)blocks * TFormat.BlockBytes; at += TFormat.BlockBytes, scales += stride)
        {
            var words = Vector128.Create(*(int*)(rows.A + at), *(int*)(rows.B + at), *(int*)(rows.C + at), *(int*)(rows.D + at));
            notFinite |= Vector128.Equals(words.AsInt16() & exponents, Vector128.Create(NotFinite).AsInt16());
            ToSingle(words << 16).Store(scales);
            if (!TFormat.HasMin) continue;
            ToSingle(words).Store(mins);
            mins += stride;
        }

        return notFinite == Vector128<short>.Zero;
    }

    /// <summary>The halves in the upper 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<float> ToSingle(Vector128<int> halves)
        => ((halves >> 3) & Vector128.Create(unchecked((int)0x8FFFE000))).AsSingle() * Vector128.Create(F16.Rebias);

    static void OneByOne<TFormat>(in FourRows rows, int blocks, float* scales, float* mins, int stride)
        where TFormat : struct, ICodedFormat
    {
        for (var lane = 0; lane < 4; lane++)
        {
            for (var b = 0; b < blocks; b++)
            {
                TFormat.Scales(in rows[lane][(long)b * TFormat.BlockBytes], 0, out scales[(b * stride) + lane], out _, out var min);
                if (TFormat.HasMin) mins[(b * stride) + lane] = min;
            }
        }
    }

    /// <summary>Eight values of each of four rows, turned: [8, 4].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Store(Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d, float* to, int stride)
    {
        var (acLow, bdLow) = (Avx.UnpackLow(a, c), Avx.UnpackLow(b, d));
        var (acHigh, bdHigh) = (Avx.UnpackHigh(a, c), Avx.UnpackHigh(b, d));
        Store(Avx.UnpackLow(acLow, bdLow), to, stride);
        Store(Avx.UnpackHigh(acLow, bdLow), to + stride, stride);
        Store(Avx.UnpackLow(acHigh, bdHigh), to + (2 * stride), stride);
        Store(Avx.UnpackHigh(acHigh, bdHigh), to + (3 * stride), stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Store(Vector256<float> values, float* to, int stride)
    {
        values.GetLower().Store(to);
        values.GetUpper().Store(to + (4 * stride));
    }
}
