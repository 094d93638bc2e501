using System.Runtime.InteropServices;

namespace Homegrown.Kernels.Quant;

/// <summary>IEEE 754 binary32, little-endian.</summary>
public readonly struct F32 : IQuantFormat
{
    public static TensorType Type => TensorType.F32;

    public static int BlockSize => 1;

    public static int BlockBytes => 4;

    public static void Dequantize(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        _ = Blocks.Count<F32>(values.Length, blocks.Length);
        blocks.CopyTo(MemoryMarshal.AsBytes(values));
    }

    public static void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> blocks)
    {
        _ = Blocks.Count<F32>(values, importance, blocks);
        MemoryMarshal.AsBytes(values).CopyTo(blocks);
    }
}
