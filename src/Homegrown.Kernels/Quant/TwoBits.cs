using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Homegrown.Kernels.Quant;

/// <summary>
/// How super-blocks keep 2 bits, in two halves h of 128 values, each of four parts k of 32: bits 2k and 2k + 1 of byte j of half h
/// are those of code j of part k.
/// </summary>
static class TwoBits
{
    const int HalfBytes = 32;

    /// <summary>32 codes of 0 to 3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<byte> Codes(ref readonly byte block, nint offset, int part)
        // Shifted as words: the mask removes what crosses from the neighbour.
        => (Blocks.Read<Vector256<ushort>>(in block, offset + ((part >> 2) * HalfBytes)) >>> (2 * (part & 3))).AsByte() & Vector256.Create((byte)3);

    /// <summary>Writes the low two bits of 256 codes, [64].</summary>
    internal static void Write(ReadOnlySpan<byte> codes, Span<byte> packed)
    {
        packed = packed[..(codes.Length / 4)];
        packed.Clear();
        for (var i = 0; i < codes.Length; i++)
            packed[(i / 128 * HalfBytes) + (i % 32)] |= (byte)((codes[i] & 3) << (2 * (i / 32 % 4)));
    }
}
