using System.Runtime.InteropServices;
using Homegrown.Kernels.Ops.Products;

namespace Homegrown.Kernels.Tests.Ops;

public sealed unsafe class QuantizedRowsTests
{
    [Fact]
    public void The_vector_form_equals_the_specification_to_the_bit()
    {
        for (var seed = 0; seed < 80; seed++)
        {
            var values = Corpus.Values(32 * (1 + (seed % 9)), seed, outlier: seed);
            var special = new[] { 0f, -0f, float.Epsilon, 9e-31f, 1.1e-30f, float.MaxValue, float.NaN, float.PositiveInfinity, float.NegativeInfinity, 63.5f, 127 };
            if (seed >= 10) values[seed % values.Length] = special[seed % special.Length];
            if (seed == 9) Array.Clear(values);
            foreach (var fine in new[] { false, true }) Assert.Equal(Bytes(Quantize(values, reference: true, fine)), Bytes(Quantize(values, reference: false, fine)));
        }

        static byte[] Bytes(PartCodes[] codes) => MemoryMarshal.AsBytes<PartCodes>(codes).ToArray();
    }

    [Fact]
    public void Parts_above_the_row_s_mean_have_rests_and_err_by_a_256th_of_the_others()
    {
        var values = Corpus.Values(32 * 8, 1);
        for (var i = 64; i < 96; i++) values[i] *= 50;
        var codes = Quantize(values, reference: false);
        for (var p = 0; p < codes.Length; p++)
        {
            Assert.Equal(p == 2 ? 1 : 0, codes[p].HasRest);
            var step = codes[p].Scale / (p == 2 ? 256 : 1);
            var (sum, first, second) = (0.0, 0, 0);
            for (var i = 0; i < 32; i++)
            {
                var decoded = (codes[p].Scale * codes[p].Codes[i]) + (codes[p].RestScale * codes[p].Rests[i]);
                Assert.InRange(decoded, values[(p * 32) + i] - (0.51f * step), values[(p * 32) + i] + (0.51f * step));
                sum += decoded;
                if (i < 16) first += codes[p].Codes[i];
                else second += codes[p].Codes[i];
            }

            Assert.Equal(sum, codes[p].Sum, 1e-4 * codes[p].Scale);
            Assert.Equal(new MinusSums(-first, -second, -first - second), codes[p].CodeSums);
        }
    }

    [Fact]
    public void Fine_rows_have_rests_in_all_parts_and_err_by_16_bits()
    {
        var values = Corpus.Values(32 * 8, 4);
        for (var i = 64; i < 96; i++) values[i] *= 50;
        var codes = Quantize(values, reference: false, fine: true);
        for (var i = 0; i < values.Length; i++)
        {
            var part = codes[i / 32];
            Assert.Equal(1, part.HasRest);
            Assert.Equal(values[i], (part.Scale * part.Codes[i % 32]) + (part.RestScale * part.Rests[i % 32]), part.Scale / 256);
        }
    }

    [Fact]
    public void The_largest_of_a_part_is_127_and_ties_round_to_even()
    {
        var values = new float[64];
        (values[0], values[1], values[2], values[3], values[16]) = (2 * 127, 1, 3, -5, -2);
        values[32] = 1000;   // the row's outlier: the first part has no rests
        var part = Quantize(values, reference: false)[0];
        Assert.Equal([127, 0, 2, -2], new ReadOnlySpan<sbyte>(part.Codes, 4).ToArray());
        Assert.Equal((-1, 2f, 0), (part.Codes[16], part.Scale, part.HasRest));
        Assert.Equal(2 * 126, part.Sum);
    }

    [Fact]
    public void Kernels_find_its_fields_where_they_look()
    {
        Assert.Equal(PartCodes.Size, sizeof(PartCodes));
        foreach (var (field, at) in new[]
        {
            (nameof(PartCodes.Codes), 0), (nameof(PartCodes.Rests), PartCodes.RestsAt), (nameof(PartCodes.Scale), PartCodes.ScaleAt),
            (nameof(PartCodes.RestScale), PartCodes.RestScaleAt), (nameof(PartCodes.Sum), PartCodes.SumAt),
            (nameof(PartCodes.CodeSums), PartCodes.CodeSumsAt), (nameof(PartCodes.RestSums), PartCodes.RestSumsAt), (nameof(PartCodes.HasRest), PartCodes.HasRestAt),
        })
        {
            Assert.Equal(at, (int)Marshal.OffsetOf<PartCodes>(field));
        }
    }

    static PartCodes[] Quantize(float[] values, bool reference, bool fine = false)
    {
        var codes = new PartCodes[values.Length / 32];
        var flags = new byte[codes.Length];
        fixed (float* x = values)
        fixed (PartCodes* c = codes)
        fixed (byte* f = flags)
        {
            var above = fine ? 0 : QuantizedRows.Outlying;
            if (reference) QuantizedRows.QuantizeReference(x, c, f, codes.Length, above);
            else QuantizedRows.Quantize(x, c, f, codes.Length, above);
        }

        Assert.Equal(codes.Select(part => (byte)part.HasRest), flags);
        return codes;
    }
}
