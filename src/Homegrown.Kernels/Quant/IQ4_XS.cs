using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Homegrown.Kernels.Quant;

/// <summary>
/// 4 bits with uneven levels, in super-blocks of 256 with a scale for every 32: w = d * (s[p] - 32) * level[code]. A block of 136 bytes:
/// <code>
/// 0   d      half
/// 2   high   bits 2p and 2p + 1 of a 16-bit word are the upper two bits of s[p]
/// 4   low    4 bytes: the lower four bits of s[2i] (low nibble of byte i) and s[2i + 1] (high nibble)
/// 8   codes  8 x 16 bytes (<see cref="PackedBits"/>), of levels in <see cref="NonLinear"/>
/// </code>
/// </summary>
public readonly struct IQ4_XS : ICodedFormat
{
    const int HighAt = 2, LowAt = 4, CodesAt = 8, Half = 32;   // Half: of the scales' 6 bits

    public static TensorType Type => TensorType.IQ4_XS;

    public static int BlockSize => SuperBlock.Size;

    public static int BlockBytes => 136;

    public static int Bits => 8;

    public static int Bias => 0;

    public static bool HasMin => false;

    public static bool SplitScales => false;

    public static PanelScales? Panels => PanelScales.SuperBlocks;

    public static bool HasLevels => true;

    public static Vector128<sbyte> Levels => NonLinear.Table;

    /// <summary>s - 32 of all parts, [8].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<sbyte> Factors(ref readonly byte block)
    {
        var factors = 0ul;
        for (var part = 0; part < SuperBlock.Parts; part++) factors |= (ulong)Scale(in block, part) << (8 * part);
        return Vector128.CreateScalar(factors).AsSByte() - Vector128.Create((sbyte)Half);
    }

    /// <summary>s.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static uint Scale(ref readonly byte block, int part)
    {
        var low = (Blocks.Read<uint>(in block, LowAt) >> (4 * part)) & 15;
        var high = ((uint)Blocks.Read<ushort>(in block, HighAt) >> (2 * part)) & 3;
        return low | (high << 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Numbers(ref readonly byte block, int part) => PackedBits.Nibbles(in block, CodesAt + (part * PackedBits.NibbleBytes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Codes(ref readonly byte block, int part)
        => NonLinear.Decode(Numbers(in block, part));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales(ref readonly byte block, int part, out float low, out float high, out float min)
    {
        low = Blocks.Half(in block, 0) * ((int)Scale(in block, part) - Half);
        (high, min) = (low, 0);
    }

    public static void Dequantize(ReadOnlySpan<byte> blocks, Span<float> values) => Blocks.Dequantize<IQ4_XS>(blocks, values);

    public static void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> blocks)
    {
        var count = Blocks.Count<IQ4_XS>(values, importance, blocks);
        for (var b = 0; b < count; b++)
        {
            var columns = (b * BlockSize)..((b + 1) * BlockSize);
            Fit(values[columns], importance.IsEmpty ? [] : importance[columns], blocks.Slice(b * BlockBytes, BlockBytes));
        }
    }

    /// <summary>Fits each part by itself, rounds their scales to 6 bits (the largest to -32), and takes the codes for what the rounding left.</summary>
    static void Fit(ReadOnlySpan<float> x, ReadOnlySpan<float> importance, Span<byte> block)
    {
        Span<float> scales = stackalloc float[SuperBlock.Parts];
        Span<byte> codes = stackalloc byte[Blocks.PartSize];
        var energy = 2 * LeastSquares.SumOfSquares(x) / BlockSize;
        for (var part = 0; part < SuperBlock.Parts; part++)
        {
            var columns = (part * Blocks.PartSize)..((part + 1) * Blocks.PartSize);
            scales[part] = NonLinear.Fit(x[columns], importance.IsEmpty ? [] : importance[columns], energy);
        }

        var scale = -LeastSquares.Peak(scales) / Half;
        var inverse = scale != 0 ? 1 / scale : 0;
        var (low, high) = (0u, 0);
        for (var part = 0; part < SuperBlock.Parts; part++)
        {
            var code = Math.Clamp(LeastSquares.Nearest(inverse * scales[part]), -Half, Half - 1);
            NonLinear.Encode(x.Slice(part * Blocks.PartSize, Blocks.PartSize), scale * code, codes);
            PackedBits.WriteNibbles(codes, block[(CodesAt + (part * PackedBits.NibbleBytes))..]);
            low |= (uint)((code + Half) & 15) << (4 * part);
            high |= (code + Half) >> 4 << (2 * part);
        }

        Blocks.WriteHalf(block, scale);
        MemoryMarshal.Write(block[HighAt..], (ushort)high);
        MemoryMarshal.Write(block[LowAt..], low);
    }
}
