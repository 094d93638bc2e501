using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Tests.Quant;

public class QuantizeTests
{
    const int Columns = 512;

    /// <summary>Formats whose scales follow from the values alone.</summary>
    static readonly TensorType[] Unsearched =
        [TensorType.Q8_0, TensorType.TQ1_0, TensorType.TQ2_0, TensorType.MXFP4, TensorType.NVFP4, TensorType.Q1_0, TensorType.Q2_0];

    public static TheoryData<TensorType, bool> Formats => [.. FormatCorpus.WithAndWithoutImportance(FormatCorpus.All)];

    public static TheoryData<TensorType> Searched
        => [.. FormatCorpus.Quantized.Except(Unsearched).Where(type => !QuantFormats.NeedsImportance(type))];

    /// <summary>All but codebooks, whose points are chosen for values that differ.</summary>
    public static TheoryData<TensorType, bool> OfSingleValues
        => [.. FormatCorpus.WithAndWithoutImportance(FormatCorpus.All.Where(type => type is TensorType.IQ4_NL or TensorType.IQ4_XS || !QuantFormats.Name(type).StartsWith("IQ")))];

    public static TheoryData<TensorType> Demanding => [.. FormatCorpus.All.Where(QuantFormats.NeedsImportance)];

    public static TheoryData<TensorType, bool> WithHalfScales
        => [.. FormatCorpus.WithAndWithoutImportance(FormatCorpus.All.Except([TensorType.F32, TensorType.BF16, TensorType.MXFP4]))];

    [Theory, MemberData(nameof(Formats))]
    public void Zeros_come_back_as_zeros(TensorType type, bool weighted)
        => Assert.All(RoundTrip(type, new float[Columns], weighted), value => Assert.Equal(0, value));

    [Theory, MemberData(nameof(OfSingleValues))]
    public void A_constant_row_comes_back_within_a_step(TensorType type, bool weighted)
    {
        foreach (var constant in new[] { 1f, -1f, 0.37f, -1234f, 0.05f })   // far below, the scales are subnormal halves
        {
            var row = new float[Columns];
            row.AsSpan().Fill(constant);
            Assert.All(RoundTrip(type, row, weighted), value => Assert.Equal(constant, value, MathF.Abs(constant) * Tolerance(type)));
        }
    }

    /// <summary>Of a constant: the rounding of scales.</summary>
    static float Tolerance(TensorType type) => type switch
    {
        TensorType.MXFP4 => 0.25f,   // a scale is a power of two, and beyond 6 lies no value
        TensorType.NVFP4 => 0.07f,   // a scale has three bits of fraction
        _ => 0.02f,
    };

    [Theory]
    [InlineData(TensorType.F32, 0)]
    [InlineData(TensorType.F16, 1e-7)]
    [InlineData(TensorType.BF16, 5e-6)]
    [InlineData(TensorType.Q8_0, 5e-5)]
    [InlineData(TensorType.Q6_K, 4e-4)]
    [InlineData(TensorType.Q5_K, 1.5e-3)]
    [InlineData(TensorType.Q5_1, 2e-3)]
    [InlineData(TensorType.Q5_0, 2.5e-3)]
    [InlineData(TensorType.Q4_K, 6e-3)]
    [InlineData(TensorType.Q4_1, 8e-3)]
    [InlineData(TensorType.Q4_0, 1e-2)]
    [InlineData(TensorType.IQ4_NL, 7e-3)]
    [InlineData(TensorType.IQ4_XS, 7e-3)]
    [InlineData(TensorType.MXFP4, 1.6e-2)]
    [InlineData(TensorType.Q3_K, 3e-2)]
    [InlineData(TensorType.IQ3_S, 3.5e-2)]
    [InlineData(TensorType.IQ3_XXS, 4.5e-2)]
    [InlineData(TensorType.Q2_K, 0.11)]
    [InlineData(TensorType.IQ2_S, 9e-2)]
    [InlineData(TensorType.IQ1_M, 0.42)]
    public void The_relative_squared_error_on_normal_values_is_small(TensorType type, double bound)
    {
        foreach (var scale in new[] { 1f, 0.02f, 300f })
        {
            var row = FormatCorpus.Normal(Columns, seed: 3, scale);
            Assert.InRange(SquaredError(row, RoundTrip(type, row, false), Ones) / SquaredError(row, new float[Columns], Ones), 0, bound);
        }
    }

    [Theory, MemberData(nameof(Searched))]
    public void Importance_lowers_the_error_where_it_matters(TensorType type)
    {
        var row = FormatCorpus.Normal(Columns, seed: 4);
        var plain = SquaredError(row, RoundTrip(type, row, false), Importance);
        Assert.InRange(SquaredError(row, RoundTrip(type, row, true), Importance), 0, plain);
    }

    [Theory, MemberData(nameof(Formats))]
    public void No_values_make_it_fail(TensorType type, bool weighted)
    {
        var decoded = 0;
        foreach (var row in EdgeRows()) decoded += RoundTrip(type, row, weighted).Length;
        Assert.Equal(EdgeRows().Count() * Columns, decoded);
    }

    [Theory, MemberData(nameof(WithHalfScales))]
    public void Values_too_small_for_a_half_come_back_as_zeros(TensorType type, bool weighted)
    {
        var row = FormatCorpus.Normal(Columns, seed: 5, scale: 1e-30f);
        Assert.All(RoundTrip(type, row, weighted), value => Assert.Equal(0, value));
    }

    [Theory, MemberData(nameof(Demanding))]
    public void A_format_of_too_few_bits_says_that_it_needs_importance(TensorType type)
    {
        var error = Assert.Throws<ArgumentException>(() => QuantFormats.Quantize(type, new float[256], [], new byte[QuantFormats.BlockBytes(type)]));
        Assert.Equal($"{type} needs importance weights: give an importance matrix, or choose a type of more bits.", error.Message);
    }

    [Fact]
    public void Importance_of_another_length_is_refused()
        => Assert.Throws<ArgumentException>(() => QuantFormats.Quantize(TensorType.Q4_0, new float[64], new float[32], new byte[36]));

    static IEnumerable<float[]> EdgeRows()
    {
        float[] edges =
        [
            float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue, float.MinValue, float.Epsilon, -float.Epsilon,
            1e-38f, 1e-40f, -0f, 65504f, 1e20f,
        ];
        foreach (var edge in edges)
        {
            var full = new float[Columns];
            full.AsSpan().Fill(edge);
            yield return full;
            var one = FormatCorpus.Normal(Columns, seed: 6);
            one[100] = edge;
            yield return one;
            var sparse = new float[Columns];
            sparse[300] = edge;
            yield return sparse;
        }

        foreach (var scale in new[] { 1e30f, 1e38f, 1e-20f, 1e-38f, 1e-44f }) yield return FormatCorpus.Normal(Columns, seed: 8, scale);
    }

    static float[] RoundTrip(TensorType type, float[] row, bool weighted)
    {
        var blocks = new byte[QuantFormats.RowBytes(type, row.Length)];
        QuantFormats.Quantize(type, row, weighted ? Importance : [], blocks);
        var values = new float[row.Length];
        QuantFormats.Dequantize(type, blocks, values);
        return values;
    }

    static double SquaredError(float[] expected, float[] actual, float[] weights)
        => expected.Select((value, i) => weights[i] * Math.Pow(value - actual[i], 2)).Sum();

    static float[] Ones { get; } = [.. Enumerable.Repeat(1f, Columns)];

    static float[] Importance { get; } = [.. FormatCorpus.Normal(Columns, seed: 9).Select(value => (value * value) + 0.01f)];
}
