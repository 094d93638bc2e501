using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Homegrown.Kernels.Quant;

/// <summary>
/// 2 bits: w = d * (code - 1). A block of 18 bytes holds 64 values:
/// <code>
/// 0   d      half
/// 2   codes  bits 2j and 2j + 1 of byte i are those of code 4i + j
/// </code>
/// </summary>
public readonly struct Q2_0 : ICodedFormat
{
    const int CodesAt = 2;

    public static TensorType Type => TensorType.Q2_0;

    public static int BlockSize => 64;

    public static int BlockBytes => 18;

    public static int Bits => 2;

    public static int Bias => Ternary.Zero;

    public static bool HasMin => false;

    public static bool SplitScales => false;

    public static PanelScales? Panels => PanelScales.Blocks;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Codes(ref readonly byte block, int part)
    {
        // Every byte four times; each copy keeps its own two bits. Indices stay inside a 128-bit lane.
        var bytes = Vector256.Shuffle(Vector256.Create(Blocks.Read<ulong>(in block, CodesAt + (8 * part))).AsByte(), Vector256.Create(
            (byte)0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 20, 20, 20, 20, 21, 21, 21, 21, 22, 22, 22, 22, 23, 23, 23, 23)).AsUInt32();
        var codes = (bytes & Vector256.Create(0x00000003u)) | ((bytes >>> 2) & Vector256.Create(0x00000300u))
            | ((bytes >>> 4) & Vector256.Create(0x00030000u)) | ((bytes >>> 6) & Vector256.Create(0x03000000u));
        return codes.AsSByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales(ref readonly byte block, int part, out float low, out float high, out float min)
        => (low, min) = (high = Blocks.Half(in block, 0), 0);

    public static void Dequantize(ReadOnlySpan<byte> blocks, Span<float> values) => Blocks.Dequantize<Q2_0>(blocks, values);

    /// <remarks>As llama.cpp does, codes of -1 to 1 only; importance makes no difference.</remarks>
    public static void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> blocks)
    {
        Span<byte> codes = stackalloc byte[BlockSize];
        var count = Blocks.Count<Q2_0>(values, importance, blocks);
        for (var b = 0; b < count; b++)
        {
            var block = blocks.Slice(b * BlockBytes, BlockBytes);
            block.Clear();
            Blocks.WriteHalf(block, Ternary.Fit(values.Slice(b * BlockSize, BlockSize), codes));
            for (var i = 0; i < codes.Length; i++) block[CodesAt + (i / 4)] |= (byte)(codes[i] << (2 * (i % 4)));
        }
    }
}
