using Homegrown.Engine.Formats;

namespace Homegrown.Engine.Tests.Formats;

public class GgufValueTests
{
    [Theory]
    [InlineData((byte)200, "u8", "200")]
    [InlineData((sbyte)-7, "i8", "-7")]
    [InlineData((ushort)65535, "u16", "65535")]
    [InlineData((short)-300, "i16", "-300")]
    [InlineData(4000000000u, "u32", "4000000000")]
    [InlineData(-5, "i32", "-5")]
    [InlineData(ulong.MaxValue, "u64", "18446744073709551615")]
    [InlineData(long.MinValue, "i64", "-9223372036854775808")]
    [InlineData(0.1f, "f32", "0.1")]
    [InlineData(1e-300, "f64", "1E-300")]
    [InlineData(true, "bool", "true")]
    [InlineData("ein Wort\n", "str", "\"ein Wort\\n\"")]
    [InlineData(new byte[] { 1, 2 }, "arr[u8]", "[1, 2]")]
    [InlineData(new[] { 1.5f, -2 }, "arr[f32]", "[1.5, -2]")]
    [InlineData(new[] { true, false }, "arr[bool]", "[true, false]")]
    [InlineData(new[] { "a", "", "ü" }, "arr[str]", "[\"a\", \"\", \"ü\"]")]
    [InlineData(new long[0], "arr[i64]", "[]")]
    public void What_is_written_is_read(object value, string type, string preview)
    {
        using var model = WrittenModel.With(writer => writer.Add("key", value));
        var read = model.File.Metadata["key"]!;
        Assert.Equal((type, preview), (read.TypeName, read.Preview()));
    }

    [Fact]
    public void Arrays_in_arrays_are_read_element_by_element()
    {
        using var model = WrittenModel.With(writer => writer.Add("key", new[] { new[] { 1, 2 }, [], [3] }));
        var read = model.File.Metadata["key"]!;
        Assert.Equal(("arr[arr]", 3L, "[[1, 2], [], [3]]"), (read.TypeName, read.Count, read.Preview()));
        Assert.Equal([[1, 2], [], [3]], read.Elements().Select(element => element.AsInts()));
    }

    [Fact]
    public void A_copied_value_is_the_same_value()
    {
        object[] values = [(byte)1, -2L, 0.5, true, "text", new[] { "a", "bc" }, new[] { 1, 2, 3 }, new[] { new[] { 1f }, [] }];
        using var model = WrittenModel.With(writer => AddAll(writer, values));
        using var copy = WrittenModel.With(writer => model.File.Metadata.Values.ToList().ForEach(writer.Add));
        Assert.Equal(File.ReadAllBytes(model.Path), File.ReadAllBytes(copy.Path));
        Assert.Equal(values.Length, copy.File.Metadata.Values.Count);
    }

    [Fact]
    public void Integers_change_their_width_when_they_fit()
    {
        using var model = WrittenModel.With(writer => AddAll(writer, [(byte)255, (sbyte)-1, 70000L, 70000UL, (ushort)9]));
        Assert.Equal([255, -1, 70000, 70000, 9], model.File.Metadata.Values.Select(value => value.AsInt32()));
        Assert.Equal(70000UL, model.File.Metadata.GetUInt64("key2"));
        Assert.Equal(255f, model.File.Metadata.GetSingle("key0"));
    }

    [Theory]
    [InlineData(5_000_000_000L, "5000000000 is outside the range of Int32")]
    [InlineData(ulong.MaxValue, "18446744073709551615 is outside the range of Int32")]
    [InlineData(1.0f, "is f32, not an integer")]
    [InlineData(true, "is bool, not an integer")]
    [InlineData("7", "is str, not an integer")]
    [InlineData(new[] { 7 }, "is arr[i32], not an integer")]
    public void A_value_that_is_no_such_integer_says_what_it_is(object value, string problem)
        => AssertRefused(value, metadata => metadata.GetInt32("key"), problem);

    [Fact]
    public void A_negative_number_is_no_unsigned_one() => AssertRefused(-1, metadata => metadata.GetUInt64("key"), "-1 is outside the range of UInt64");

    [Fact]
    public void Every_getter_refuses_another_type()
    {
        AssertRefused(1, metadata => metadata.GetString("key"), "is i32, not a string");
        AssertRefused(1, metadata => metadata.GetBoolean("key"), "is i32, not a bool");
        AssertRefused("1", metadata => metadata.GetSingle("key"), "is str, not a number");
        AssertRefused("1", metadata => metadata.GetStrings("key"), "is str, not an array of strings");
        AssertRefused(new[] { 1 }, metadata => metadata.GetFloats("key"), "is arr[i32], not an array of f32");
        AssertRefused(new[] { 1f }, metadata => metadata.GetInts("key"), "is arr[f32], not an array of integers");
        AssertRefused(new[] { 1L << 40 }, metadata => metadata.GetInts("key"), "1099511627776 is outside the range of Int32");
        AssertRefused(1, metadata => Assert.Empty(metadata["key"]!.Elements()), "is i32, not an array");
    }

    [Fact]
    public void Number_arrays_of_any_width_become_ints()
    {
        using var model = WrittenModel.With(writer => AddAll(writer, [new[] { 1, -2 }, new byte[] { 1, 255 }, new[] { 1L, -2 }, new[] { true, false }]));
        Assert.Equal([[1, -2], [1, 255], [1, -2], [1, 0]], model.File.Metadata.Values.Select(value => value.AsInts()));
    }

    [Fact]
    public void An_absent_key_is_null_and_can_be_made_an_error()
    {
        using var model = WrittenModel.With(writer => writer.Add("there", 1));
        var metadata = model.File.Metadata;
        Assert.Null(metadata.GetInt32("absent"));
        Assert.Null(metadata.GetString("absent"));
        Assert.Null(metadata.GetInts("absent"));
        Assert.False(metadata.TryGet("absent", out _));
        Assert.Equal($"{model.Path}: absent at offset 0: the metadata has no such key", metadata.Missing("absent").Message);
    }

    [Fact]
    public void Keys_keep_the_files_order()
    {
        using var model = WrittenModel.With(writer => { foreach (var key in new[] { "z", "a", "m" }) writer.Add(key, 1); });
        Assert.Equal(["z", "a", "m"], model.File.Metadata.Values.Select(value => value.Name));
    }

    [Fact]
    public void A_token_that_is_half_a_character_keeps_its_bytes()
    {
        using var bytes = GgufBytes.Header(0, 1).Key("tokens", GgufType.Array).U32((uint)GgufType.String).U64(2).U64(2).Raw([0xF0, 0x9F]).Text("b");
        using var file = bytes.Open();
        var tokens = new List<byte[]>();
        foreach (var token in file.Metadata["tokens"]!.Utf8Strings) tokens.Add(token.ToArray());
        Assert.Equal([[0xF0, 0x9F], [(byte)'b']], tokens);
        Assert.Equal(["\uFFFD", "b"], file.Metadata.GetStrings("tokens")!);
    }

    [Fact]
    public void A_preview_is_short_and_drives_no_terminal()
    {
        using var model = WrittenModel.With(writer => AddAll(writer, ["\u001b[31m" + new string('x', 1000), Enumerable.Range(0, 100_000).ToArray()]));
        var text = model.File.Metadata["key0"]!.Preview(20);
        Assert.Equal("\"\\u001b[31mxxxxxxxxxx...\"", text);
        Assert.Equal("[0, 1, 2, 3, 4, 5, 6, ... 100000 in all]", model.File.Metadata["key1"]!.Preview(20));
    }

    static void AddAll(GgufWriter writer, object[] values)
    {
        for (var i = 0; i < values.Length; i++) writer.Add($"key{i}", values[i]);
    }

    static void AssertRefused(object value, Action<GgufMetadata> read, string problem)
    {
        using var model = WrittenModel.With(writer => writer.Add("key", value));
        var error = Assert.Throws<ModelFileException>(() => read(model.File.Metadata));
        Assert.Equal($"{model.Path}: key at offset {model.File.Metadata["key"]!.Offset}: {problem}", error.Message);
    }
}
