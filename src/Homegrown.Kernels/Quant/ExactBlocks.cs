namespace Homegrown.Kernels.Quant;

/// <summary>
/// Blocks of 32 weights written from codes and a scale that another file format already holds: nothing is searched for or rounded, what
/// decodes is scale * code to the bit.
/// </summary>
public static class ExactBlocks
{
    /// <summary>Weights in a block.</summary>
    public const int Size = 32;

    /// <summary>The smallest of Q4_0, Q5_0 and Q8_0 whose codes reach from <paramref name="low"/> to <paramref name="high"/>; null for none.</summary>
    public static TensorType? Smallest(int low, int high) => (low, high) switch
    {
        ( >= -8, <= 7) => TensorType.Q4_0,
        ( >= -16, <= 15) => TensorType.Q5_0,
        ( >= -128, <= 127) => TensorType.Q8_0,
        _ => null,
    };

    /// <summary>A scale that a half holds.</summary>
    public static bool Holds(float scale) => (float)(Half)scale == scale;

    /// <summary>Writes 32 weights, scale * code each, as a block of a type that <see cref="Smallest"/> gave.</summary>
    /// <param name="scale">One that a half <see cref="Holds"/>.</param>
    public static void Write(TensorType type, float scale, ReadOnlySpan<int> codes, Span<byte> block)
    {
        Span<byte> unsigned = stackalloc byte[Size];
        var bias = type switch { TensorType.Q4_0 => 8, TensorType.Q5_0 => 16, TensorType.Q8_0 => 0, _ => throw new NotSupportedException($"{type} is not written from codes.") };
        for (var i = 0; i < Size; i++) unsigned[i] = (byte)(codes[i] + bias);
        Blocks.WriteHalf(block, scale);
        if (type == TensorType.Q8_0)
        {
            unsigned.CopyTo(block[2..]);
            return;
        }

        if (type == TensorType.Q5_0) PackedBits.WriteFifth(unsigned, block[2..]);
        PackedBits.WriteNibbles(unsigned, block[(type == TensorType.Q5_0 ? 6 : 2)..]);
    }

    /// <summary>Writes a block of MXFP4.</summary>
    /// <param name="exponent">Of the scale, biased by 127.</param>
    /// <param name="pairs">Sixteen bytes of two 4-bit floats each, neighbours, the low nibble first: the order of the OCP formats.</param>
    public static void WriteMxfp4(byte exponent, ReadOnlySpan<byte> pairs, Span<byte> block)
    {
        Span<byte> codes = stackalloc byte[Size];
        for (var i = 0; i < Size; i++) codes[i] = (byte)((pairs[i / 2] >> (i % 2 * 4)) & 15);
        block[0] = exponent;
        PackedBits.WriteNibbles(codes, block[1..]);
    }
}
