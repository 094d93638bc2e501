using System.Buffers.Binary;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Tests.Quant;

/// <summary>The definition of each coded format, one value at a time: what the vector forms are compared with.</summary>
static class ScalarDecoder
{
    /// <summary>Value <paramref name="i"/> of a block.</summary>
    internal static float Value(TensorType type, ReadOnlySpan<byte> block, int i) => type switch
    {
        TensorType.Q4_0 => (Nibble(block[2..], i) - 8) * Half(block, 0),
        TensorType.Q4_1 => (Nibble(block[4..], i) * Half(block, 0)) + Half(block, 2),
        TensorType.Q5_0 => (Nibble(block[6..], i) + (16 * Bit(block[2..], i)) - 16) * Half(block, 0),
        TensorType.Q5_1 => ((Nibble(block[8..], i) + (16 * Bit(block[4..], i))) * Half(block, 0)) + Half(block, 2),
        TensorType.Q8_0 => (sbyte)block[2 + i] * Half(block, 0),
        TensorType.Q4_K => WithMin(block, i / 32, PairNibble(block[16..], i)),
        TensorType.Q5_K => WithMin(block, i / 32, PairNibble(block[48..], i) + (16 * ((block[16 + (i % 32)] >> (i / 32)) & 1))),
        TensorType.Q6_K => SixBits(block, i),
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    static float Half(ReadOnlySpan<byte> block, int offset) => (float)BinaryPrimitives.ReadHalfLittleEndian(block[offset..]);

    static int Nibble(ReadOnlySpan<byte> packed, int i) => i < 16 ? packed[i] & 15 : packed[i - 16] >> 4;

    static int Bit(ReadOnlySpan<byte> packed, int i) => (packed[i / 8] >> (i % 8)) & 1;

    static int PairNibble(ReadOnlySpan<byte> packed, int i) => (packed[(i / 64 * 32) + (i % 32)] >> (i % 64 < 32 ? 0 : 4)) & 15;

    static float WithMin(ReadOnlySpan<byte> block, int part, int code)
    {
        var q = block[4..16];
        var scale = part < 4 ? q[part] & 63 : (q[part + 4] & 15) + (q[part - 4] >> 6 << 4);
        var min = part < 4 ? q[part + 4] & 63 : (q[part + 4] >> 4) + (q[part] >> 6 << 4);
        var product = Half(block, 0) * scale * code;
        return product - (Half(block, 2) * min);
    }

    static float SixBits(ReadOnlySpan<byte> block, int i)
    {
        var (half, k, j) = (i / 128, i % 128 / 32, i % 32);
        var low = (block[(half * 64) + (k % 2 * 32) + j] >> (k < 2 ? 0 : 4)) & 15;
        var high = (block[128 + (half * 32) + j] >> (2 * k)) & 3;
        return Half(block, 208) * (sbyte)block[192 + (i / 16)] * (low + (16 * high) - 32);
    }
}
