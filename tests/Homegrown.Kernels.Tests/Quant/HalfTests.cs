using System.Runtime.InteropServices;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Tests.Quant;

public class HalfTests
{
    static readonly ushort[] AllBits = [.. Enumerable.Range(0, 65536).Select(bits => (ushort)bits)];

    [Fact]
    public void Every_half_decodes_to_its_value()
    {
        foreach (var bits in AllBits) AssertDecodes(bits, F16.ToSingle(bits));
    }

    [Fact]
    public void Every_half_decodes_to_its_value_in_vectors()
    {
        var values = new float[AllBits.Length];
        F16.Dequantize(MemoryMarshal.AsBytes<ushort>(AllBits), values);
        foreach (var bits in AllBits) AssertDecodes(bits, values[bits]);
    }

    [Fact]
    public void Every_half_survives_the_way_through_float()
    {
        foreach (var bits in AllBits)
        {
            var back = F16.FromSingle(F16.ToSingle(bits));
            if (float.IsNaN(F16.ToSingle(bits))) Assert.True((back & 0x7FFF) > 0x7C00);
            else Assert.Equal(bits, back);
        }
    }

    [Fact]
    public void A_float_between_two_halves_goes_to_the_nearer_and_in_the_middle_to_the_even_one()
    {
        for (ushort bits = 0; bits < 0x7BFF; bits++)
        {
            var (low, high) = (F16.ToSingle(bits), F16.ToSingle((ushort)(bits + 1)));
            var middle = (low + high) / 2;
            Assert.Equal((ushort)(bits + (bits & 1)), F16.FromSingle(middle));
            Assert.Equal(bits, F16.FromSingle(MathF.BitDecrement(middle)));
            Assert.Equal((ushort)(bits + 1), F16.FromSingle(MathF.BitIncrement(middle)));
        }
    }

    [Theory]
    [InlineData(65519.99f, 0x7BFF)]
    [InlineData(65520f, 0x7C00)]
    [InlineData(-1e30f, 0xFC00)]
    public void Past_the_largest_half_is_infinity(float value, int bits) => Assert.Equal(bits, F16.FromSingle(value));

    [Theory]
    [InlineData(0x3F800000, 0x3F80)]
    [InlineData(0x3F808000, 0x3F80)]            // a tie goes to the even one
    [InlineData(0x3F818000, 0x3F82)]
    [InlineData(0x3F808001, 0x3F81)]
    [InlineData(0x7F7FFFFF, 0x7F80)]            // the largest float rounds to infinity
    [InlineData(0x00000001, 0x0000)]
    [InlineData(0x0000FFFF, 0x0001)]            // subnormals are kept
    [InlineData(0x7F800001, 0x7FC0)]            // a NaN whose payload is cut off stays NaN
    [InlineData(unchecked((int)0xFF800000), 0xFF80)]
    public void A_float_rounds_to_the_nearest_bf16(int single, int bits)
        => Assert.Equal(bits, BF16.FromSingle(BitConverter.Int32BitsToSingle(single)));

    [Fact]
    public void Every_bf16_decodes_to_its_value_also_in_vectors()
    {
        var values = new float[AllBits.Length];
        BF16.Dequantize(MemoryMarshal.AsBytes<ushort>(AllBits), values);
        foreach (var bits in AllBits)
        {
            Assert.Equal((uint)bits << 16, BitConverter.SingleToUInt32Bits(values[bits]));
            Assert.Equal((uint)bits << 16, BitConverter.SingleToUInt32Bits(BF16.ToSingle(bits)));
        }
    }

    static void AssertDecodes(ushort bits, float actual)
    {
        var (sign, exponent, fraction) = (bits >> 15, (bits >> 10) & 31, bits & 1023);
        var magnitude = (exponent, fraction) switch
        {
            (31, 0) => double.PositiveInfinity,
            (31, _) => double.NaN,
            (0, _) => Math.ScaleB(fraction, -24),
            _ => Math.ScaleB(1024 + fraction, exponent - 25),
        };
        if (double.IsNaN(magnitude))
            Assert.Equal(((uint)sign << 31) | 0x7FC00000 | ((uint)fraction << 13), BitConverter.SingleToUInt32Bits(actual));
        else
            Assert.Equal(BitConverter.SingleToUInt32Bits((float)(sign == 0 ? magnitude : -magnitude)), BitConverter.SingleToUInt32Bits(actual));
    }
}
