using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Homegrown.Kernels.Quant.Codebooks;

/// <summary>
/// 2 bits as points of eight values, in super-blocks of 256 with a scale for every 16: w = d * (2 s[g] + 1) / 8 * value. A block of
/// 74 bytes:
/// <code>
/// 0    d       half
/// 2    points  32 x 16 bits: the index of a point of eight values in bits 0-8, seven signs in bits 9-15 (<see cref="Signs"/>)
/// 66   s       8 bytes: s[2p] in the low nibble of byte p, s[2p + 1] in the high nibble
/// </code>
/// </summary>
public readonly struct IQ2_XS : ICodedFormat
{
    const int PointsAt = 2, ScalesAt = 66, SignsFrom = 9;

    static readonly ulong[] Points = Codebook.Iq2Xs.Decoded<ulong>(8, 25, 43);

    static readonly GridSearch Search = new()
    {
        Book = Codebook.Iq2Xs,
        Group = 16,
        Tries = 9,
        Step = 0.1f,
        Negligible = 1e-15f,
        Energy = (1, 0),
        Again = Again.OffGrid,
        EvenSigns = true,
    };

    public static TensorType Type => TensorType.IQ2_XS;

    public static int BlockSize => SuperBlock.Size;

    public static int BlockBytes => 74;

    public static int Bits => 8;

    public static int Bias => 0;

    public static bool HasMin => false;

    public static bool SplitScales => true;

    public static bool NeedsImportance => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Codes(ref readonly byte block, int part)
    {
        var i = Blocks.Read<ulong>(in block, PointsAt + (part * 8));
        var values = Vector256.Create(Points[(int)i & 511], Points[(int)(i >> 16) & 511], Points[(int)(i >> 32) & 511], Points[(int)(i >> 48) & 511]);
        var signs = Signs.Even((uint)(i >> 9) & 127) | (Signs.Even((uint)(i >> 25) & 127) << 8)
            | (Signs.Even((uint)(i >> 41) & 127) << 16) | (Signs.Even((uint)(i >> 57)) << 24);
        return Signs.Apply(values.AsSByte(), signs);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales(ref readonly byte block, int part, out float low, out float high, out float min)
    {
        var (scale, codes) = (Blocks.Half(in block, 0), Blocks.Read<byte>(in block, ScalesAt + part));
        low = scale * ((2 * (codes & 15)) + 1) * 0.125f;
        high = scale * ((2 * (codes >> 4)) + 1) * 0.125f;
        min = 0;
    }

    public static void Dequantize(ReadOnlySpan<byte> blocks, Span<float> values) => Blocks.Dequantize<IQ2_XS>(blocks, values);

    public static void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> blocks)
    {
        Span<ushort> points = stackalloc ushort[32];
        Span<byte> signs = stackalloc byte[32], scales = stackalloc byte[16];
        var count = Blocks.Count<IQ2_XS>(values, importance, blocks);
        for (var b = 0; b < count; b++)
        {
            var columns = (b * BlockSize)..((b + 1) * BlockSize);
            var block = blocks.Slice(b * BlockBytes, BlockBytes);
            Blocks.WriteHalf(block, Search.Fit(values[columns], importance[columns], points, signs, scales));
            for (var k = 0; k < points.Length; k++)
                MemoryMarshal.Write(block[(PointsAt + (2 * k))..], (ushort)(points[k] | (signs[k] << SignsFrom)));
            for (var part = 0; part < SuperBlock.Parts; part++) block[ScalesAt + part] = (byte)(scales[2 * part] | (scales[(2 * part) + 1] << 4));
        }
    }
}
