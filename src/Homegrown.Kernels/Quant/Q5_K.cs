using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Homegrown.Kernels.Quant;

/// <summary>
/// 5 bits with minima, in super-blocks of 256: w = d * s[part] * code - dmin * m[part]. A block of 176 bytes:
/// <code>
/// 0    header  16 bytes (<see cref="SuperBlock"/>)
/// 16   fifth   32 bytes: bit p of byte j is the fifth bit of code j of part p
/// 48   codes   4 x 32 bytes: the low four bits, as in <see cref="Q4_K"/>
/// </code>
/// </summary>
public readonly struct Q5_K : ICodedFormat
{
    const int FifthAt = SuperBlock.HeaderBytes, CodesAt = FifthAt + 32;
    static readonly Sweep Sweep = new(-0.5f, 0.1f, 15);

    public static TensorType Type => TensorType.Q5_K;

    public static int BlockSize => SuperBlock.Size;

    public static int BlockBytes => 176;

    public static int Bits => 5;

    public static int Bias => 0;

    public static bool HasMin => true;

    public static PanelScales? Panels => PanelScales.SuperBlocks;

    public static bool SplitScales => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Codes(ref readonly byte block, int part)
    {
        var fifth = (Blocks.Read<Vector256<ushort>>(in block, FifthAt) >>> part).AsByte() & Vector256<byte>.One;
        return (SuperBlock.Nibbles(in block, CodesAt, part) | (fifth.AsUInt16() << 4).AsByte()).AsSByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales(ref readonly byte block, int part, out float low, out float high, out float min)
    {
        SuperBlock.Scales(in block, part, out low, out min);
        high = low;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<sbyte> Factors(ref readonly byte block) => SuperBlock.Factors(in block);

    public static void Dequantize(ReadOnlySpan<byte> blocks, Span<float> values) => Blocks.Dequantize<Q5_K>(blocks, values);

    public static void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> blocks)
    {
        Span<byte> codes = stackalloc byte[BlockSize];
        var count = Blocks.Count<Q5_K>(values, importance, blocks);
        for (var b = 0; b < count; b++)
        {
            var columns = (b * BlockSize)..((b + 1) * BlockSize);
            var block = blocks.Slice(b * BlockBytes, BlockBytes);
            SuperBlock.Fit(values[columns], importance.IsEmpty ? [] : importance[columns], 31, Sweep, block, codes);
            SuperBlock.WriteNibbles(codes, block[CodesAt..]);
            var fifth = block[FifthAt..CodesAt];
            fifth.Clear();
            for (var i = 0; i < codes.Length; i++) fifth[i % 32] |= (byte)(codes[i] >> 4 << (i / 32));
        }
    }
}
