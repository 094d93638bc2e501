using Homegrown.Engine.Formats;
using Homegrown.Kernels.Quant;

namespace Homegrown.Engine.Tests.Formats;

public class GgufWriterTests
{
    [Theory]
    [InlineData(32)]
    [InlineData(8)]
    [InlineData(4096)]
    public void Tensors_come_back_where_the_alignment_puts_them(int alignment)
    {
        using var model = WrittenModel.With(
            writer =>
            {
                writer.AddTensor("a", TensorType.Q4_0, 32);
                writer.AddTensor("b", TensorType.F32, 3, 5);
                writer.AddTensor("c", TensorType.F32);
                writer.WriteData(Bytes(18, 1));
                writer.WriteData(Bytes(20, 2));
                writer.WriteData(Bytes(40, 2));
                writer.WriteData(Bytes(4, 3));
            },
            alignment);
        Assert.Equal(3, model.File.Tensors.Count);
        var stored = File.ReadAllBytes(model.Path);
        foreach (var (i, tensor) in model.File.Tensors.Index())
        {
            Assert.Equal(0, tensor.Offset % alignment);
            Assert.Equal(Bytes((int)tensor.Bytes, (byte)(i + 1)), stored.AsSpan((int)tensor.Offset, (int)tensor.Bytes));
        }

        Assert.Equal(alignment == 32 ? null : alignment, model.File.Metadata.GetInt32("general.alignment"));
        Assert.Equal(0, stored.Length % alignment);
    }

    [Fact]
    public void A_file_without_anything_opens()
    {
        using var model = WrittenModel.With(_ => { });
        Assert.Empty(model.File.Metadata.Values);
        Assert.Empty(model.File.Tensors);
    }

    [Fact]
    public void Too_many_bytes_for_a_tensor_are_refused()
    {
        var writer = OneTensor();
        Assert.StartsWith("5 bytes for tensor 0, which has 4 left.", Assert.Throws<ArgumentException>(() => writer.WriteData(new byte[5])).Message);
    }

    [Fact]
    public void A_tensor_without_its_bytes_is_refused()
    {
        var writer = OneTensor();
        writer.WriteData(new byte[3]);
        Assert.Equal("Tensor 0 of 1 lacks 1 bytes.", Assert.Throws<InvalidOperationException>(writer.Finish).Message);
    }

    [Fact]
    public void Nothing_can_be_added_once_data_is_written()
    {
        var writer = OneTensor();
        writer.WriteData(new byte[4]);
        Assert.Throws<InvalidOperationException>(() => writer.Add("key", 1));
        Assert.Throws<InvalidOperationException>(() => writer.AddTensor("t", TensorType.F32, 1));
    }

    [Fact]
    public void A_value_without_a_type_in_the_file_is_refused()
        => Assert.Equal("GGUF has no type for Decimal.", Assert.Throws<ArgumentException>(() => new GgufWriter(Stream.Null).Add("key", 1m)).Message);

    [Fact]
    public void An_alignment_that_is_no_power_of_two_is_refused() => Assert.Throws<ArgumentException>(() => new GgufWriter(Stream.Null, 24));

    static GgufWriter OneTensor()
    {
        var writer = new GgufWriter(new MemoryStream());
        writer.AddTensor("t", TensorType.F32, 1);
        return writer;
    }

    static byte[] Bytes(int count, byte value)
    {
        var bytes = new byte[count];
        bytes.AsSpan().Fill(value);
        return bytes;
    }
}
