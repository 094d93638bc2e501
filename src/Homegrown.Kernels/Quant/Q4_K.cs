using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Homegrown.Kernels.Quant;

/// <summary>
/// 4 bits with minima, in super-blocks of 256: w = d * s[part] * code - dmin * m[part]. A block of 144 bytes:
/// <code>
/// 0    header  16 bytes (<see cref="SuperBlock"/>)
/// 16   codes   4 x 32 bytes: byte j of pair p holds code j of part 2p in its low and of part 2p + 1 in its high nibble
/// </code>
/// </summary>
public readonly struct Q4_K : ICodedFormat
{
    static readonly Sweep Sweep = new(-1, 0.1f, 20);

    public static TensorType Type => TensorType.Q4_K;

    public static int BlockSize => SuperBlock.Size;

    public static int BlockBytes => 144;

    public static int Bits => 4;

    public static int Bias => 0;

    public static bool HasMin => true;

    public static PanelScales? Panels => PanelScales.SuperBlocks;

    public static bool SplitScales => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Codes(ref readonly byte block, int part) => SuperBlock.Nibbles(in block, SuperBlock.HeaderBytes, part).AsSByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales(ref readonly byte block, int part, out float low, out float high, out float min)
    {
        SuperBlock.Scales(in block, part, out low, out min);
        high = low;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<sbyte> Factors(ref readonly byte block) => SuperBlock.Factors(in block);

    public static void Dequantize(ReadOnlySpan<byte> blocks, Span<float> values) => Blocks.Dequantize<Q4_K>(blocks, values);

    public static void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> blocks)
    {
        Span<byte> codes = stackalloc byte[BlockSize];
        var count = Blocks.Count<Q4_K>(values, importance, blocks);
        for (var b = 0; b < count; b++)
        {
            var columns = (b * BlockSize)..((b + 1) * BlockSize);
            var block = blocks.Slice(b * BlockBytes, BlockBytes);
            SuperBlock.Fit(values[columns], importance.IsEmpty ? [] : importance[columns], 15, Sweep, block, codes);
            SuperBlock.WriteNibbles(codes, block[SuperBlock.HeaderBytes..]);
        }
    }
}
