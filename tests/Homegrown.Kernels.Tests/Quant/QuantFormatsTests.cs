using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Tests.Quant;

public class QuantFormatsTests
{
    [Fact]
    public void Every_type_that_a_file_may_name_has_sizes()
        => Assert.All(Enum.GetValues<TensorType>(), type =>
            Assert.Equal(3L * QuantFormats.BlockBytes(type), QuantFormats.RowBytes(type, 3L * QuantFormats.BlockSize(type))));

    // Bits per value as published with each format.
    [Theory]
    [InlineData(TensorType.Q4_0, 4.5)]
    [InlineData(TensorType.Q5_1, 6)]
    [InlineData(TensorType.Q8_0, 8.5)]
    [InlineData(TensorType.Q2_K, 2.625)]
    [InlineData(TensorType.Q3_K, 3.4375)]
    [InlineData(TensorType.Q6_K, 6.5625)]
    [InlineData(TensorType.IQ1_S, 1.5625)]
    [InlineData(TensorType.IQ2_XXS, 2.0625)]
    [InlineData(TensorType.IQ4_XS, 4.25)]
    [InlineData(TensorType.TQ1_0, 1.6875)]
    [InlineData(TensorType.MXFP4, 4.25)]
    [InlineData(TensorType.NVFP4, 4.5)]
    [InlineData(TensorType.Q1_0, 1.125)]
    [InlineData(TensorType.F64, 64)]
    public void A_row_has_the_bytes_of_its_bits(TensorType type, double bits) => Assert.Equal((long)(768 * bits / 8), QuantFormats.RowBytes(type, 768));

    [Fact]
    public void Every_format_of_weights_computes() => Assert.Equal(
        [TensorType.Q8_1, TensorType.Q8_K, TensorType.I8, TensorType.I16, TensorType.I32, TensorType.I64, TensorType.F64],
        Enum.GetValues<TensorType>().Except(FormatCorpus.All));

    [Fact]
    public void A_visitor_meets_the_static_type_of_the_format()
    {
        var visitor = default(TypeOf);
        foreach (var type in FormatCorpus.All) Assert.Equal(type, QuantFormats.Visit<TypeOf, TensorType>(type, ref visitor));
        foreach (var type in FormatCorpus.Coded) Assert.Equal(type, QuantFormats.VisitCoded<TypeOf, TensorType>(type, ref visitor));
    }

    [Fact]
    public void A_format_that_is_only_sized_says_so()
    {
        var error = Assert.Throws<NotSupportedException>(() => QuantFormats.Dequantize(TensorType.Q8_K, new byte[292], new float[256]));
        Assert.Equal("This build does not compute with Q8_K tensors; convert the model to another type.", error.Message);
    }

    [Fact]
    public void A_plain_format_has_no_codes_to_visit()
    {
        var visitor = default(TypeOf);
        var error = Assert.Throws<NotSupportedException>(() => QuantFormats.VisitCoded<TypeOf, TensorType>(TensorType.F16, ref visitor));
        Assert.Equal("F16 has no integer codes.", error.Message);
    }

    [Fact]
    public void A_removed_or_unknown_type_has_no_sizes()
    {
        Assert.False(QuantFormats.IsKnown((TensorType)31));
        Assert.False(QuantFormats.IsKnown((TensorType)(-1)));
        Assert.Equal("Tensor type 4096 is unknown.", Assert.Throws<NotSupportedException>(() => QuantFormats.RowBytes((TensorType)4096, 32)).Message);
    }

    [Fact]
    public void Columns_that_are_not_whole_blocks_are_refused()
    {
        var error = Assert.Throws<ArgumentException>(() => QuantFormats.RowBytes(TensorType.Q4_0, 100));
        Assert.StartsWith("100 columns are not whole blocks of 32 (Q4_0).", error.Message);
    }

    [Fact]
    public void Bytes_and_values_that_do_not_match_are_refused()
    {
        foreach (var type in FormatCorpus.All)
        {
            var (bytes, values) = (new byte[QuantFormats.BlockBytes(type) + 1], new float[QuantFormats.BlockSize(type)]);
            Assert.Throws<ArgumentException>(() => QuantFormats.Dequantize(type, bytes, values));
        }
    }

    struct TypeOf : IFormatVisitor<TensorType>, ICodedFormatVisitor<TensorType>
    {
        readonly TensorType IFormatVisitor<TensorType>.Visit<TFormat>() => TFormat.Type;

        readonly TensorType ICodedFormatVisitor<TensorType>.Visit<TFormat>() => TFormat.Type;
    }
}
