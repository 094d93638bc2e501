using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Homegrown.Kernels.Quant;

/// <summary>
/// How the blocks of 32 keep 4 and 5 bits: byte j of 16 holds code j in its low and code j + 16 in its high nibble; where there
/// is a fifth bit, bit j of a 32-bit word is that of code j.
/// </summary>
static class PackedBits
{
    internal const int NibbleBytes = 16;

    /// <summary>32 codes of 0 to 15.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<byte> Nibbles(ref readonly byte block, nint offset)
    {
        var packed = Blocks.Read<Vector128<byte>>(in block, offset);
        // Shifted as words: the mask removes what crosses from the neighbour.
        return Vector256.Create(packed, (packed.AsUInt16() >>> 4).AsByte()) & Vector256.Create((byte)15);
    }

    /// <summary>The entries of a table of 16 at 32 codes of 0 to 15.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<sbyte> LookUp(Vector128<sbyte> table, Vector256<byte> codes)
        => Vector256.Create(Vector128.ShuffleNative(table, codes.GetLower().AsSByte()), Vector128.ShuffleNative(table, codes.GetUpper().AsSByte()));

    /// <summary>32 bytes: all ones where the code's bit of <paramref name="bits"/> is set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<byte> Spread(uint bits)
    {
        // Each byte of the word goes to eight bytes, of which each keeps its own bit. Indices stay inside a 128-bit lane.
        var bytes = Vector256.Shuffle(Vector256.Create(bits).AsByte(), Vector256.Create(
            (byte)0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 18, 18, 18, 18, 18, 18, 18, 18, 19, 19, 19, 19, 19, 19, 19, 19));
        var own = Vector256.Create(0x8040201008040201UL).AsByte();
        return Vector256.Equals(bytes & own, own);
    }

    /// <summary>Writes 32 codes' low nibbles, [16].</summary>
    internal static void WriteNibbles(ReadOnlySpan<byte> codes, Span<byte> packed)
    {
        for (var j = 0; j < NibbleBytes; j++) packed[j] = (byte)((codes[j] & 15) | (codes[j + 16] << 4));
    }

    /// <summary>Writes 32 codes' fifth bits, [4].</summary>
    internal static void WriteFifth(ReadOnlySpan<byte> codes, Span<byte> packed)
    {
        var bits = 0u;
        for (var j = 0; j < codes.Length; j++) bits |= (uint)((codes[j] >> 4) & 1) << j;
        MemoryMarshal.Write(packed, bits);
    }
}
