using Homegrown.Engine.Formats;

namespace Homegrown.Engine.Tests.Formats;

/// <summary>Files that lie, one field each: the line that refuses them.</summary>
public class GgufLiesTests
{
    const string Truncated = "the file is truncated or damaged, fetch it again";

    [Theory]
    [InlineData("", "magic at offset 0: not a GGUF file: it does not begin with \"GGUF\"")]
    [InlineData("GGU", "magic at offset 0: not a GGUF file: it does not begin with \"GGUF\"")]
    [InlineData("Once upon a time", "magic at offset 0: not a GGUF file: it does not begin with \"GGUF\"")]
    [InlineData("GGUF", $"version at offset 4: 4 bytes needed, 0 remain: {Truncated}")]
    public void A_file_that_is_something_else(string text, string message) => Assert.Equal(message, new GgufBytes().Ascii(text).Refusal());

    [Theory]
    [InlineData(1, "version at offset 4: version 1 is not supported, 2 and 3 are; convert the model again")]
    [InlineData(4, "version at offset 4: version 4 is not supported, 2 and 3 are; convert the model again")]
    [InlineData(0x03000000, "version at offset 4: a big-endian file; convert it to little-endian")]
    public void A_version_that_is_not_ours(uint version, string message) => Assert.Equal(message, GgufBytes.Header(0, 0, version).Refusal());

    [Theory]
    [InlineData(1UL << 60, 0, "tensor_count at offset 8: 1152921504606846976 x at least 25 bytes do not fit into the 8 bytes that remain")]
    [InlineData(0, ulong.MaxValue, "metadata_kv_count at offset 16: 18446744073709551615 x at least 14 bytes do not fit into the 0 bytes that remain")]
    public void A_count_that_the_file_cannot_hold(ulong tensors, ulong keys, string message)
        => Assert.Equal($"{message}: {Truncated}", GgufBytes.Header(tensors, keys).Refusal());

    [Fact]
    public void An_array_that_the_file_cannot_hold() => Assert.Equal(
        $"a.b at offset 43: 1152921504606846976 x at least 8 bytes do not fit into the 100 bytes that remain: {Truncated}",
        GgufBytes.Header(0, 1).Key("a.b", GgufType.Array).U32((uint)GgufType.String).U64(1UL << 60).Raw(new byte[100]).Refusal());

    [Fact]
    public void A_string_that_the_file_cannot_hold() => Assert.Equal(
        $"a.b at offset 39: 9223372036854775807 x at least 1 bytes do not fit into the 9 bytes that remain: {Truncated}",
        GgufBytes.Header(0, 1).Key("a.b", GgufType.String).U64(long.MaxValue).Raw(new byte[9]).Refusal());

    [Fact]
    public void A_string_inside_an_array_that_goes_past_the_end() => Assert.Equal(
        $"a.b at offset 60: 7 x at least 1 bytes do not fit into the 6 bytes that remain: {Truncated}",
        GgufBytes.Header(0, 1).Key("a.b", GgufType.Array).U32((uint)GgufType.String).U64(2).Text("x").U64(7).Ascii("sixsix").Refusal());

    [Fact]
    public void An_unknown_value_type() => Assert.Equal(
        "a.b at offset 35: unknown value type 13",
        GgufBytes.Header(0, 1).Key("a.b", (GgufType)13).U64(0).Refusal());

    [Fact]
    public void A_bool_that_is_neither() => Assert.Equal(
        "a.b at offset 39: a bool is 0 or 1, not 2",
        GgufBytes.Header(0, 1).Key("a.b", GgufType.Bool).Raw([2]).Refusal());

    [Fact]
    public void A_key_twice() => Assert.Equal(
        "a.b at offset 40: the key is there twice",
        GgufBytes.Header(0, 2).Key("a.b", GgufType.UInt8).Raw([1]).Key("a.b", GgufType.UInt8).Raw([1]).Refusal());

    [Fact]
    public void A_key_without_a_name() => Assert.Equal(
        "metadata key 0 at offset 24: a name has 1 to 65535 bytes, not 0",
        GgufBytes.Header(0, 1).Key("", GgufType.UInt64).U64(1).Refusal());

    [Fact]
    public void A_key_that_is_too_long() => Assert.Equal(
        "metadata key 0 at offset 24: a name has 1 to 65535 bytes, not 65536",
        GgufBytes.Header(0, 1).Key(new string('k', 65536), GgufType.UInt8).Raw([1]).Refusal());

    [Fact]
    public void A_long_key_is_cut_in_the_message()
        => Assert.StartsWith($"{new string('k', 100)}... at offset", GgufBytes.Header(0, 1).Key(new string('k', 5000), (GgufType)99).U64(1).Refusal());

    [Fact]
    public void A_key_that_is_not_text() => Assert.Equal(
        "metadata key 0 at offset 24: the name is not valid UTF-8", GgufBytes.Header(0, 1).U64(2).Raw([0xC3, 0x28]).U32(0).Raw([1, 0]).Refusal());

    [Fact]
    public void A_key_that_would_break_the_line() => Assert.Equal(
        "metadata key 0 at offset 24: the name has control characters", GgufBytes.Header(0, 1).Key("a\nb", GgufType.UInt8).Raw([1]).Refusal());

    [Fact]
    public void Arrays_nested_without_end()
    {
        var file = GgufBytes.Header(0, 1).Key("a.b", GgufType.Array);
        for (var depth = 0; depth < 100_000; depth++) file.U32((uint)GgufType.Array).U64(1);
        Assert.Equal("a.b at offset 135: arrays are nested more than 8 deep", file.Refusal());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(33)]
    public void An_alignment_that_is_none(uint alignment) => Assert.Equal(
        $"general.alignment at offset 53: {alignment} is not a power of two of 32 bits",
        GgufBytes.Header(0, 1).Key("general.alignment", GgufType.UInt32).U32(alignment).Refusal());

    [Fact]
    public void An_alignment_that_is_no_number() => Assert.Equal(
        "general.alignment at offset 53: is str, not an integer", GgufBytes.Header(0, 1).Key("general.alignment", GgufType.String).Text("32").Refusal());

    [Fact]
    public void An_alignment_so_large_that_the_data_is_past_the_end() => Assert.StartsWith(
        "tensor t at offset 2147483648: 128 bytes end past the end of the file",
        GgufBytes.Header(1, 1).Key("general.alignment", GgufType.UInt32).U32(1u << 31).Tensor("t", 0, 0, 32).Data(128).Refusal());

    [Fact]
    public void A_tensor_twice() => Assert.Equal(
        "tensor t at offset 57: the tensor is there twice",
        GgufBytes.Header(2, 0).Tensor("t", 0, 0, 32).Tensor("t", 0, 128, 32).Data(256).Refusal());

    [Fact]
    public void A_tensor_name_that_is_too_long() => Assert.Equal(
        "tensor name 0 at offset 24: a name has 1 to 255 bytes, not 256", GgufBytes.Header(1, 0).Tensor(new string('t', 256), 0, 0, 32).Data(128).Refusal());

    [Fact]
    public void Tensors_that_overlap() => Assert.Equal(
        "tensor b at offset 160: it overlaps tensor a, which ends at 224",
        GgufBytes.Header(2, 0).Tensor("a", 0, 0, 32).Tensor("b", 0, 64, 32).Data(256).Refusal());

    [Fact]
    public void A_tensor_whose_data_ends_past_the_file() => Assert.Equal(
        "tensor t at offset 64: 128 bytes end past the end of the file, 191; it is truncated or damaged, fetch it again",
        GgufBytes.Header(1, 0).Tensor("t", 0, 0, 32).Data(127).Refusal());

    [Fact]
    public void A_tensor_that_begins_past_the_file() => Assert.Equal(
        "tensor t at offset 49: data offset 9223372036854775776 is past the end of the file, 192; it is truncated or damaged, fetch it again",
        GgufBytes.Header(1, 0).Tensor("t", 0, long.MaxValue - 31, 32).Data(128).Refusal());

    [Fact]
    public void A_tensor_that_is_not_aligned() => Assert.Equal(
        "tensor t at offset 72: data offset 8 is not a multiple of the alignment, 32",
        GgufBytes.Header(1, 0).Tensor("t", 0, 8, 32).Data(160).Refusal());

    [Theory]
    [InlineData(4)]
    [InlineData(31)]
    [InlineData(200)]
    [InlineData(0xFFFFFFFF)]
    public void A_tensor_of_an_unknown_type(uint type) => Assert.Equal(
        $"tensor t at offset 45: unknown tensor type {type}", GgufBytes.Header(1, 0).Tensor("t", type, 0, 32).Data(128).Refusal());

    [Fact]
    public void A_row_that_is_not_whole_blocks() => Assert.Equal(
        "tensor t at offset 53: rows of 33 values are not whole blocks of 32 (Q4_0)", GgufBytes.Header(1, 0).Tensor("t", 2, 0, 33, 32).Data(1024).Refusal());

    [Fact]
    public void Too_many_dimensions() => Assert.Equal(
        "tensor t at offset 33: 5 dimensions; there are at most 4", GgufBytes.Header(1, 0).Tensor("t", 0, 0, 1, 1, 1, 1, 1).Data(32).Refusal());

    [Fact]
    public void A_dimension_of_zero() => Assert.Equal(
        "tensor t at offset 45: dimension 1 is 0", GgufBytes.Header(1, 0).Tensor("t", 0, 0, 32, 0).Data(32).Refusal());

    [Fact]
    public void Dimensions_whose_product_overflows() => Assert.Equal(
        "tensor t at offset 45: dimension 1, 4294967296, makes more than 2^63 values",
        GgufBytes.Header(1, 0).Tensor("t", 0, 0, 1UL << 32, 1UL << 32).Data(32).Refusal());

    [Fact]
    public void Values_that_the_file_cannot_hold() => Assert.Equal(
        "tensor t at offset 53: 18446744073709551616 bytes do not fit into a file of 96; it is truncated or damaged, fetch it again",
        GgufBytes.Header(1, 0).Tensor("t", 0, 0, 1UL << 31, 1UL << 31).Data(0).Refusal());
}
