using Homegrown.Kernels.Ops.Products;

namespace Homegrown.Kernels.Tests.Ops;

public sealed unsafe class QuantizedRowsTests
{
    [Fact]
    public void The_vector_form_equals_the_specification_to_the_bit()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var values = Corpus.Values(32 * (1 + (seed % 9)), seed, outlier: seed);
            var special = new[] { 0f, -0f, float.Epsilon, 9e-31f, 1.1e-30f, float.MaxValue, float.NaN, float.PositiveInfinity, float.NegativeInfinity, 63.5f, 127 };
            if (seed >= 10) values[seed % values.Length] = special[seed % special.Length];
            if (seed == 9) Array.Clear(values);
            sbyte[] codes = new sbyte[values.Length], expectedCodes = new sbyte[values.Length];
            PartScales[] scales = new PartScales[values.Length / 32], expectedScales = new PartScales[values.Length / 32];
            fixed (float* x = values)
            fixed (sbyte* c = codes, ec = expectedCodes)
            fixed (PartScales* s = scales, es = expectedScales)
            {
                QuantizedRows.Quantize(x, values.Length, c, s);
                QuantizedRows.QuantizeReference(x, values.Length, ec, es);
            }

            Assert.Equal(expectedCodes, codes);
            Assert.Equal(expectedScales, scales);
        }
    }

    [Fact]
    public void The_largest_of_a_group_is_127_and_ties_round_to_even()
    {
        var values = new float[32];
        (values[0], values[1], values[2], values[3], values[16]) = (254, 1, 3, -5, -2);
        var codes = new sbyte[32];
        var scales = new PartScales[1];
        fixed (float* x = values)
        fixed (sbyte* c = codes)
        fixed (PartScales* s = scales) QuantizedRows.Quantize(x, 32, c, s);
        Assert.Equal([127, 0, 2, -2], codes[..4]);
        Assert.Equal(-127, codes[16]);
        Assert.Equal(2, scales[0].Low);
        Assert.Equal(2 * 127, scales[0].SumLow);
        Assert.Equal(-2, scales[0].SumHigh, 1e-6f);
    }
}
