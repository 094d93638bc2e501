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
            var special = new[] { 0f, -0f, float.Epsilon, 9e-31f, 1.1e-30f, float.MaxValue, float.NaN, float.PositiveInfinity, float.NegativeInfinity, 16383.5f, 32767 };
            if (seed >= 10) values[seed % values.Length] = special[seed % special.Length];
            if (seed == 9) Array.Clear(values);
            short[] codes = new short[values.Length], expectedCodes = new short[values.Length];
            PartScale[] scales = new PartScale[values.Length / 32], expectedScales = new PartScale[values.Length / 32];
            fixed (float* x = values)
            fixed (short* c = codes, ec = expectedCodes)
            fixed (PartScale* s = scales, es = expectedScales)
            {
                QuantizedRows.Quantize(x, values.Length, c, s);
                QuantizedRows.QuantizeReference(x, values.Length, ec, es);
            }

            Assert.Equal(expectedCodes, codes);
            Assert.Equal(expectedScales, scales);
        }
    }

    [Fact]
    public void The_largest_of_a_part_is_32767_and_ties_round_to_even()
    {
        var values = new float[32];
        (values[0], values[1], values[2], values[3], values[16]) = (2 * 32767, 1, 3, -5, -2);
        var codes = new short[32];
        var scales = new PartScale[1];
        fixed (float* x = values)
        fixed (short* c = codes)
        fixed (PartScale* s = scales) QuantizedRows.Quantize(x, 32, c, s);
        Assert.Equal([32767, 0, 2, -2], Enumerable.Range(0, 4).Select(i => (int)codes[QuantizedRows.At(i)]));
        Assert.Equal(-1, codes[QuantizedRows.At(16)]);
        Assert.Equal(2, scales[0].Scale);
        Assert.Equal(2 * 32767, scales[0].SumLow);
        Assert.Equal(-2, scales[0].SumHigh);
        Assert.Equal(scales[0].SumLow + scales[0].SumHigh, scales[0].Sum);
    }

    [Fact]
    public void Every_column_of_a_part_has_a_place_of_its_own()
        => Assert.Equal(Enumerable.Range(0, 32), Enumerable.Range(0, 32).Select(QuantizedRows.At).Order());
}
