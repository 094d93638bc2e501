using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Homegrown.Kernels.Quant;

/// <summary>Squares of elements turned, so that rows become lanes (AVX2).</summary>
static class Squares
{
    /// <summary>A square of 8 by 8 elements turns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Turn(
        Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d,
        Vector256<int> e, Vector256<int> f, Vector256<int> g, Vector256<int> h,
        out Vector256<int> e0, out Vector256<int> e1, out Vector256<int> e2, out Vector256<int> e3,
        out Vector256<int> e4, out Vector256<int> e5, out Vector256<int> e6, out Vector256<int> e7)
    {
        Quarter(a, b, c, d, out var a0, out var a1, out var a2, out var a3);
        Quarter(e, f, g, h, out var b0, out var b1, out var b2, out var b3);
        (e0, e4) = (Avx2.Permute2x128(a0, b0, 0x20), Avx2.Permute2x128(a0, b0, 0x31));
        (e1, e5) = (Avx2.Permute2x128(a1, b1, 0x20), Avx2.Permute2x128(a1, b1, 0x31));
        (e2, e6) = (Avx2.Permute2x128(a2, b2, 0x20), Avx2.Permute2x128(a2, b2, 0x31));
        (e3, e7) = (Avx2.Permute2x128(a3, b3, 0x20), Avx2.Permute2x128(a3, b3, 0x31));
    }

    /// <summary>A square of 16 by 16 bytes turns in place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static unsafe void TurnBytes(byte* square)
    {
        // To deal the first half of 256 bytes between those of the second turns the bits of their addresses by one: four deals
        // exchange row and column.
        var other = stackalloc byte[256];
        for (var i = 0; i < 2; i++)
        {
            Deal(square, other);
            Deal(other, square);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe void Deal(byte* from, byte* to)
    {
        for (var end = from + 128; from < end; from += 16, to += 32)
        {
            var (a, b) = (Vector128.Load(from), Vector128.Load(from + 128));
            Sse2.UnpackLow(a, b).Store(to);
            Sse2.UnpackHigh(a, b).Store(to + 16);
        }
    }

    /// <summary>In each 128 bits, a square of 4 by 4 turns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Quarter(
        Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d,
        out Vector256<int> first, out Vector256<int> second, out Vector256<int> third, out Vector256<int> fourth)
    {
        var (acLow, bdLow) = (Avx2.UnpackLow(a, c), Avx2.UnpackLow(b, d));
        var (acHigh, bdHigh) = (Avx2.UnpackHigh(a, c), Avx2.UnpackHigh(b, d));
        (first, second) = (Avx2.UnpackLow(acLow, bdLow), Avx2.UnpackHigh(acLow, bdLow));
        (third, fourth) = (Avx2.UnpackLow(acHigh, bdHigh), Avx2.UnpackHigh(acHigh, bdHigh));
    }
}
