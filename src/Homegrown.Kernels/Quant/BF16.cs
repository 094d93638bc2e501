using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Homegrown.Kernels.Quant;

/// <summary>The upper half of a binary32: 1 bit sign, 8 bits exponent, 7 bits fraction.</summary>
public readonly struct BF16 : IQuantFormat
{
    public static TensorType Type => TensorType.BF16;

    public static int BlockSize => 1;

    public static int BlockBytes => 2;

    public static float ToSingle(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    /// <summary>The nearest value, ties to even; NaN stays NaN, quiet.</summary>
    public static ushort FromSingle(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value)) return (ushort)((bits >> 16) | 0x40);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    public static void Dequantize(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        _ = Blocks.Count<BF16>(values.Length, blocks.Length);
        var source = MemoryMarshal.Cast<byte, ushort>(blocks);
        var i = 0;
        for (; i <= source.Length - Vector256<ushort>.Count; i += Vector256<ushort>.Count)
        {
            var (low, high) = Vector256.Widen(Vector256.Create(source[i..]));
            (low << 16).AsSingle().CopyTo(values[i..]);
            (high << 16).AsSingle().CopyTo(values[(i + 8)..]);
        }

        for (; i < source.Length; i++) values[i] = ToSingle(source[i]);
    }

    public static void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> blocks)
    {
        _ = Blocks.Count<BF16>(values, importance, blocks);
        var target = MemoryMarshal.Cast<byte, ushort>(blocks);
        for (var i = 0; i < values.Length; i++) target[i] = FromSingle(values[i]);
    }
}
