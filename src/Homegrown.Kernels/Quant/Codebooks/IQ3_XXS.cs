using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Homegrown.Kernels.Quant.Codebooks;

/// <summary>
/// 3 bits as points of four values, in super-blocks of 256 with a scale for every 32: w = d * (2 s[p] + 1) / 4 * value. A block of
/// 98 bytes:
/// <code>
/// 0    d       half
/// 2    points  64 bytes: indices of points of four values
/// 66   signs   8 x 32 bits, of part p: 4 x 7 signs (<see cref="Signs"/>), and s[p] in the upper four bits
/// </code>
/// </summary>
public readonly struct IQ3_XXS : ICodedFormat
{
    const int PointsAt = 2, SignsAt = 66;

    static readonly uint[] Points = Codebook.Iq3Xxs.Decoded<uint>(4, 12, 20, 28, 36, 44, 52, 62);

    static readonly GridSearch Search = new()
    {
        Book = Codebook.Iq3Xxs,
        Group = 32,
        Tries = 15,
        Step = 0.2f,
        Negligible = 1e-8f,
        Energy = (2, 0),
        Again = Again.OffGrid,
        EvenSigns = true,
        Correction = 1.0125f,
    };

    public static TensorType Type => TensorType.IQ3_XXS;

    public static int BlockSize => SuperBlock.Size;

    public static int BlockBytes => 98;

    public static int Bits => 8;

    public static int Bias => 0;

    public static bool HasMin => false;

    public static bool SplitScales => false;


    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Codes(ref readonly byte block, int part)
    {
        var i = Blocks.Read<ulong>(in block, PointsAt + (8 * part));
        var values = Vector256.Create(
            Points[(byte)i], Points[(byte)(i >> 8)], Points[(byte)(i >> 16)], Points[(byte)(i >> 24)],
            Points[(byte)(i >> 32)], Points[(byte)(i >> 40)], Points[(byte)(i >> 48)], Points[(byte)(i >> 56)]);
        return Signs.Apply(values.AsSByte(), Signs.Unpack(Blocks.Read<uint>(in block, SignsAt + (4 * part))));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales(ref readonly byte block, int part, out float low, out float high, out float min)
    {
        var code = (int)(Blocks.Read<uint>(in block, SignsAt + (4 * part)) >> 28);
        low = Blocks.Half(in block, 0) * ((2 * code) + 1) * 0.25f;
        (high, min) = (low, 0);
    }

    public static void Dequantize(ReadOnlySpan<byte> blocks, Span<float> values) => Blocks.Dequantize<IQ3_XXS>(blocks, values);

    public static void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> blocks)
    {
        Span<ushort> points = stackalloc ushort[64];
        Span<byte> signs = stackalloc byte[32], scales = stackalloc byte[8];
        var count = Blocks.Count<IQ3_XXS>(values, importance, blocks);
        for (var b = 0; b < count; b++)
        {
            var columns = (b * BlockSize)..((b + 1) * BlockSize);
            var block = blocks.Slice(b * BlockBytes, BlockBytes);
            Blocks.WriteHalf(block, Search.Fit(values[columns], importance.IsEmpty ? [] : importance[columns], points, signs, scales));
            for (var k = 0; k < points.Length; k++) block[PointsAt + k] = (byte)points[k];
            for (var part = 0; part < SuperBlock.Parts; part++)
                MemoryMarshal.Write(block[(SignsAt + (4 * part))..], Signs.Pack(signs.Slice(4 * part, 4)) | ((uint)scales[part] << 28));
        }
    }
}
