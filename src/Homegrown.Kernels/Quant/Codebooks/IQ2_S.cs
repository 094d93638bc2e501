using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Homegrown.Kernels.Quant.Codebooks;

/// <summary>
/// 2 bits as points of eight values, in super-blocks of 256 with a scale for every 16: w = d * (2 s[g] + 1) / 8 * value. A block of
/// 82 bytes:
/// <code>
/// 0    d      half
/// 2    low    32 bytes: the lower eight bits of the indices of points of eight values
/// 34   signs  256 bits (<see cref="Signs"/>)
/// 66   high   8 bytes: bits 2k and 2k + 1 of byte p are the upper two bits of index k of part p
/// 74   s      8 bytes: s[2p] in the low nibble of byte p, s[2p + 1] in the high nibble
/// </code>
/// </summary>
public readonly struct IQ2_S : ICodedFormat
{
    const int LowAt = 2, SignsAt = 34, HighAt = 66, ScalesAt = 74;

    static readonly ulong[] Points = Codebook.Iq2S.Decoded<ulong>(8, 25, 43);

    static readonly GridSearch Search = new()
    {
        Book = Codebook.Iq2S,
        Group = 16,
        Tries = 9,
        Step = 0.1f,
        Negligible = 1e-8f,
        Energy = (2, 0.5f),
        Again = Again.OffGrid,
        Correction = 0.9875f,
    };

    public static TensorType Type => TensorType.IQ2_S;

    public static int BlockSize => SuperBlock.Size;

    public static int BlockBytes => 82;

    public static int Bits => 8;

    public static int Bias => 0;

    public static bool HasMin => false;

    public static bool SplitScales => true;


    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Codes(ref readonly byte block, int part)
    {
        var (low, high) = (Blocks.Read<uint>(in block, LowAt + (4 * part)), (uint)Blocks.Read<byte>(in block, HighAt + part));
        var values = Vector256.Create(
            Points[(low & 255) | ((high & 3) << 8)], Points[((low >> 8) & 255) | ((high & 12) << 6)],
            Points[((low >> 16) & 255) | ((high & 48) << 4)], Points[(low >> 24) | ((high & 192) << 2)]);
        return Signs.Apply(values.AsSByte(), Blocks.Read<uint>(in block, SignsAt + (4 * part)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales(ref readonly byte block, int part, out float low, out float high, out float min)
    {
        var (scale, codes) = (Blocks.Half(in block, 0), Blocks.Read<byte>(in block, ScalesAt + part));
        low = scale * ((2 * (codes & 15)) + 1) * 0.125f;
        high = scale * ((2 * (codes >> 4)) + 1) * 0.125f;
        min = 0;
    }

    public static void Dequantize(ReadOnlySpan<byte> blocks, Span<float> values) => Blocks.Dequantize<IQ2_S>(blocks, values);

    public static void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> blocks)
    {
        Span<ushort> points = stackalloc ushort[32];
        Span<byte> scales = stackalloc byte[16];
        var count = Blocks.Count<IQ2_S>(values, importance, blocks);
        for (var b = 0; b < count; b++)
        {
            var columns = (b * BlockSize)..((b + 1) * BlockSize);
            var block = blocks.Slice(b * BlockBytes, BlockBytes);
            block.Clear();
            Blocks.WriteHalf(block, Search.Fit(values[columns], importance.IsEmpty ? [] : importance[columns], points, block[SignsAt..HighAt], scales));
            for (var k = 0; k < points.Length; k++)
            {
                block[LowAt + k] = (byte)points[k];
                block[HighAt + (k / 4)] |= (byte)(points[k] >> 8 << (2 * (k % 4)));
            }

            for (var part = 0; part < SuperBlock.Parts; part++) block[ScalesAt + part] = (byte)(scales[2 * part] | (scales[(2 * part) + 1] << 4));
        }
    }
}
