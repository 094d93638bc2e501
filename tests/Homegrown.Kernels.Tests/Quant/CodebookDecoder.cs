using System.Buffers.Binary;
using Homegrown.Kernels.Quant;
using Homegrown.Kernels.Quant.Codebooks;

namespace Homegrown.Kernels.Tests.Quant;

/// <summary>The definition of each format of codebooks, one value at a time: what the vector forms are compared with.</summary>
static class CodebookDecoder
{
    static readonly float[] Two = [8, 25, 43], Three = [4, 12, 20, 28, 36, 44, 52, 62];

    /// <summary>Value <paramref name="i"/> of a block.</summary>
    internal static float Value(TensorType type, ReadOnlySpan<byte> block, int i)
    {
        var (part, eight, four) = (i / 32, i / 8, i / 4);   // the part, the group of eight and that of four in which i lies
        switch (type)
        {
            case TensorType.IQ2_XXS:
                var last = BinaryPrimitives.ReadUInt32LittleEndian(block[(6 + (8 * part))..]);
                return Half(block) * (0.5f + (last >> 28)) * 0.25f * Two[Level(Codebook.Iq2Xxs, block[2 + (8 * part) + (eight % 4)], i)]
                    * Sign(Eighth((int)(last >> (7 * (eight % 4))) & 127), i);
            case TensorType.IQ2_XS:
                var word = BinaryPrimitives.ReadUInt16LittleEndian(block[(2 + (2 * eight))..]);
                return Half(block) * (0.5f + Nibble(block[66..], i / 16)) * 0.25f * Two[Level(Codebook.Iq2Xs, word & 511, i)] * Sign(Eighth(word >> 9), i);
            case TensorType.IQ2_S:
                var index = block[2 + eight] + (((block[66 + part] >> (2 * (eight % 4))) & 3) << 8);
                return Half(block) * (0.5f + Nibble(block[74..], i / 16)) * 0.25f * Two[Level(Codebook.Iq2S, index, i)] * Sign(block[34 + eight], i);
            case TensorType.IQ3_XXS:
                last = BinaryPrimitives.ReadUInt32LittleEndian(block[(66 + (4 * part))..]);
                return Half(block) * (0.5f + (last >> 28)) * 0.5f * Three[Level(Codebook.Iq3Xxs, block[2 + four], i)]
                    * Sign(Eighth((int)(last >> (7 * (eight % 4))) & 127), i);
            case TensorType.IQ3_S:
                index = block[2 + four] + (((block[66 + part] >> (four % 8)) & 1) << 8);
                return Half(block) * (1 + (2 * Nibble(block[106..], part))) * ((2 * Level(Codebook.Iq3S, index, i)) + 1) * Sign(block[74 + eight], i);
            case TensorType.IQ1_S:
                word = BinaryPrimitives.ReadUInt16LittleEndian(block[(34 + (2 * part))..]);
                index = block[2 + eight] + (((word >> (3 * (eight % 4))) & 7) << 8);
                return Half(block) * (1 + (2 * ((word >> 12) & 7))) * (Level(Codebook.Iq1, index, i) - 1 + (word >> 15 == 0 ? 0.125f : -0.125f));
            case TensorType.IQ1_M:
                var nibble = Nibble(block[32..], eight);
                index = block[eight] + ((nibble & 7) << 8);
                var scale = (BinaryPrimitives.ReadUInt16LittleEndian(block[(48 + (i / 64 * 2))..]) >> (i / 16 % 4 * 3)) & 7;
                Span<byte> half = [(byte)((block[49] >> 4) | (block[51] & 0xF0)), (byte)((block[53] >> 4) | (block[55] & 0xF0))];
                return Half(half) * (1 + (2 * scale)) * (Level(Codebook.Iq1, index, i) - 1 + (nibble < 8 ? 0.125f : -0.125f));
            default: throw new ArgumentOutOfRangeException(nameof(type));
        }
    }

    static float Half(ReadOnlySpan<byte> block) => ScalarDecoder.Half(block, 0);

    static int Level(Codebook book, int index, int i) => book.Level(index, i % book.Dimensions);

    static int Nibble(ReadOnlySpan<byte> packed, int i) => (packed[i / 2] >> (i % 2 * 4)) & 15;

    /// <summary>Seven signs and the one that makes the number of minuses even.</summary>
    static int Eighth(int seven) => seven + (128 * (int.PopCount(seven) & 1));

    static float Sign(int bits, int i) => ((bits >> (i % 8)) & 1) == 0 ? 1 : -1;
}
