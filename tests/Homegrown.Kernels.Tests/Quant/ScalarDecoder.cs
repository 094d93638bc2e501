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
        TensorType.Q2_K => (Half(block, 80) * (block[i / 16] & 15) * TwoBits(block[16..], i)) - (Half(block, 82) * (block[i / 16] >> 4)),
        TensorType.Q3_K => ThreeBits(block, i),
        TensorType.IQ4_NL => Half(block, 0) * Uneven[Nibble(block[2..], i)],
        TensorType.IQ4_XS => Half(block, 0) * (((block[4 + (i / 64)] >> (i / 32 % 2 * 4)) & 15) + (((block[2 + (i / 128)] >> (i / 32 % 4 * 2)) & 3) * 16) - 32)
            * Uneven[Nibble(block.Slice(8 + (i / 32 * 16), 16), i % 32)],
        TensorType.TQ1_0 => Half(block, 52) * (Trit(block, i) - 1),
        TensorType.TQ2_0 => Half(block, 64) * (TwoBits(block, i) - 1),
        TensorType.MXFP4 => (block[0] == 255 ? float.NaN : (float)Math.ScaleB(1, block[0] - 127)) * Small[Nibble(block[1..], i)],
        TensorType.NVFP4 => EightBits(block[i / 16]) * Small[(block[4 + (i / 16 * 8) + (i % 8)] >> (i % 16 < 8 ? 0 : 4)) & 15],
        TensorType.Q1_0 => Bit(block[2..], i) == 1 ? Half(block, 0) : -Half(block, 0),
        TensorType.Q2_0 => Half(block, 0) * (((block[2 + (i / 4)] >> (i % 4 * 2)) & 3) - 1),
        _ => CodebookDecoder.Value(type, block, i),
    };

    /// <summary>Levels of IQ4_NL and IQ4_XS.</summary>
    static readonly int[] Uneven = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    /// <summary>Floats of 4 bits; a negative zero decodes to zero.</summary>
    static readonly float[] Small = [0, 0.5f, 1, 1.5f, 2, 3, 4, 6, 0, -0.5f, -1, -1.5f, -2, -3, -4, -6];

    static int TwoBits(ReadOnlySpan<byte> packed, int i) => (packed[(i / 128 * 32) + (i % 32)] >> (i % 128 / 32 * 2)) & 3;

    static float ThreeBits(ReadOnlySpan<byte> block, int i)
    {
        var g = i / 16;
        var scale = ((block[96 + (g % 8)] >> (g / 8 * 4)) & 15) + (((block[104 + (g % 4)] >> (g / 4 * 2)) & 3) * 16) - 32;
        var code = TwoBits(block[32..], i) + (((block[i % 32] >> (i / 32)) & 1) * 4) - 4;
        return Half(block, 108) * scale * code;
    }

    static int Trit(ReadOnlySpan<byte> block, int i)
    {
        var (packed, digit) = i < 160 ? (block[i % 32], i / 32) : i < 240 ? (block[32 + (i % 16)], (i - 160) / 16) : (block[48 + (i % 4)], (i - 240) / 4);
        for (; digit > 0; digit--) packed *= 3;
        return (packed * 3) >> 8;
    }

    /// <summary>E4M3 without sign, where 127 is 0.</summary>
    static float EightBits(byte code)
    {
        var (exponent, fraction) = ((code >> 3) & 15, code & 7);
        return code == 127 ? 0 : (float)(exponent == 0 ? Math.ScaleB(fraction, -9) : Math.ScaleB(8 + fraction, exponent - 10));
    }

    internal static float Half(ReadOnlySpan<byte> block, int offset) => (float)BinaryPrimitives.ReadHalfLittleEndian(block[offset..]);

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
