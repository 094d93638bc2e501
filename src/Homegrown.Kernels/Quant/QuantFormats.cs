namespace Homegrown.Kernels.Quant;

/// <summary>The one place where a type id of a file becomes a static type.</summary>
public static class QuantFormats
{
    public static bool IsSupported(TensorType type) => type == TensorType.F32;

    /// <summary>Bytes of a row of <paramref name="columns"/> values.</summary>
    public static long RowBytes(TensorType type, int columns) => type == TensorType.F32 ? columns * 4L : throw new NotSupportedException($"{type}");

    public static void Dequantize(TensorType type, ReadOnlySpan<byte> blocks, Span<float> values)
        => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(blocks).CopyTo(values);
}
