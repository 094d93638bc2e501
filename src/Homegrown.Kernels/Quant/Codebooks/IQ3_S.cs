using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Homegrown.Kernels.Quant.Codebooks;

/// <summary>
/// 3 bits as points of four values, in super-blocks of 256 with a scale for every 32: w = d * (2 s[p] + 1) * value. A block of 110 bytes:
/// <code>
/// 0     d      half
/// 2     low    64 bytes: the lower eight bits of the indices of points of four values
/// 66    high   8 bytes: bit k of byte p is the upper bit of index k of part p
/// 74    signs  256 bits (<see cref="Signs"/>)
/// 106   s      4 bytes: s[2i] in the low nibble of byte i, s[2i + 1] in the high nibble
/// </code>
/// </summary>
public readonly struct IQ3_S : ICodedFormat
{
    const int LowAt = 2, HighAt = 66, SignsAt = 74, ScalesAt = 106;

    static readonly uint[] Points = Codebook.Iq3S.Decoded<uint>(1, 3, 5, 7, 9, 11, 13, 15);

    static readonly GridSearch Search = new()
    {
        Book = Codebook.Iq3S,
        Group = 32,
        Tries = 9,
        Step = 0.2f,
        Negligible = float.Epsilon,
        Energy = (2, 0),
        Again = Again.AllIfOffGrid,
        Correction = 1.033f,
    };

    public static TensorType Type => TensorType.IQ3_S;

    public static int BlockSize => SuperBlock.Size;

    public static int BlockBytes => 110;

    public static int Bits => 8;

    public static int Bias => 0;

    public static bool HasMin => false;

    public static bool SplitScales => false;


    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Codes(ref readonly byte block, int part)
    {
        var (low, high) = (Blocks.Read<ulong>(in block, LowAt + (8 * part)), (uint)Blocks.Read<byte>(in block, HighAt + part) << 8);
        var values = Vector256.Create(
            Points[(byte)low | (high & 256)], Points[(byte)(low >> 8) | ((high >> 1) & 256)],
            Points[(byte)(low >> 16) | ((high >> 2) & 256)], Points[(byte)(low >> 24) | ((high >> 3) & 256)],
            Points[(byte)(low >> 32) | ((high >> 4) & 256)], Points[(byte)(low >> 40) | ((high >> 5) & 256)],
            Points[(byte)(low >> 48) | ((high >> 6) & 256)], Points[(byte)(low >> 56) | ((high >> 7) & 256)]);
        return Signs.Apply(values.AsSByte(), Blocks.Read<uint>(in block, SignsAt + (4 * part)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales(ref readonly byte block, int part, out float low, out float high, out float min)
    {
        var code = (Blocks.Read<byte>(in block, ScalesAt + (part >> 1)) >> (4 * (part & 1))) & 15;
        low = Blocks.Half(in block, 0) * ((2 * code) + 1);
        (high, min) = (low, 0);
    }

    public static void Dequantize(ReadOnlySpan<byte> blocks, Span<float> values) => Blocks.Dequantize<IQ3_S>(blocks, values);

    /// <remarks>llama.cpp displaces the parts after one of zeros; here they stay where they are read.</remarks>
    public static void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> blocks)
    {
        Span<ushort> points = stackalloc ushort[64];
        Span<byte> scales = stackalloc byte[8];
        var count = Blocks.Count<IQ3_S>(values, importance, blocks);
        for (var b = 0; b < count; b++)
        {
            var columns = (b * BlockSize)..((b + 1) * BlockSize);
            var block = blocks.Slice(b * BlockBytes, BlockBytes);
            block.Clear();
            Blocks.WriteHalf(block, Search.Fit(values[columns], importance.IsEmpty ? [] : importance[columns], points, block[SignsAt..ScalesAt], scales));
            for (var k = 0; k < points.Length; k++)
            {
                block[LowAt + k] = (byte)points[k];
                block[HighAt + (k / 8)] |= (byte)(points[k] >> 8 << (k % 8));
            }

            for (var part = 0; part < SuperBlock.Parts; part += 2) block[ScalesAt + (part / 2)] = (byte)(scales[part] | (scales[part + 1] << 4));
        }
    }
}
