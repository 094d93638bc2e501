using Homegrown.Engine.Formats;
using Homegrown.Kernels.Quant;
using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Formats;

public class GgufFileTests
{
    [Fact]
    public void The_embedded_model_shows_its_metadata_and_tensors()
    {
        using var file = GgufFile.Open(Repository.Model);
        Assert.Equal(3, file.Version);
        Assert.Equal(272, file.Tensors.Count);
        Assert.Equal("llama", file.Metadata.GetString("general.architecture"));
        Assert.Equal(30, file.Metadata.GetInt32("llama.block_count"));
        Assert.Equal(49152, file.Metadata.GetStrings("tokenizer.ggml.tokens")!.Length);
        Assert.Equal(49152, file.Metadata.GetInts("tokenizer.ggml.token_type")!.Length);
        Assert.Equal(new FileInfo(Repository.Model).Length, file.Bytes);
        var last = file.Tensors.MaxBy(tensor => tensor.Offset)!;
        Assert.InRange(file.Bytes - last.Offset - last.Bytes, 0, 31);
    }

    [Fact]
    public void A_tensor_is_a_matrix_of_rows_and_columns()
    {
        using var file = GgufFile.Open(Repository.Model);
        var embedding = file.Tensor("token_embd.weight")!;
        Assert.Equal([576, 49152], embedding.Dimensions);
        var weight = file.Weight(embedding);
        Assert.Equal((49152, 576, embedding.Type), (weight.Rows, weight.Columns, weight.Type));
        Assert.Equal(embedding.Bytes, weight.Bytes);
        var row = new float[576];
        weight.Dequantize(1000, row);
        Assert.InRange(row.Max(MathF.Abs), 0.01f, 10);
        Assert.Equal(1, file.Weight(file.Tensor("output_norm.weight")!).Rows);
        Assert.Null(file.Tensor("absent"));
    }

    [Fact]
    public void Opening_makes_no_object_per_token()
    {
        GgufFile.Open(Repository.Model).Dispose();
        var before = GC.GetAllocatedBytesForCurrentThread();
        GgufFile.Open(Repository.Model).Dispose();
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 500_000);
    }

    [Theory]
    [InlineData("archs")]
    [InlineData("vocab")]
    public void Every_fixture_opens_and_shows_all_its_values(string folder)
    {
        var paths = Directory.GetFiles(Repository.Shared(folder), "*.gguf");
        Assert.NotEmpty(paths);
        foreach (var path in paths)
        {
            using var file = GgufFile.Open(path);
            Assert.NotNull(file.Metadata.GetString("general.architecture"));
            Assert.Equal(folder == "vocab", file.Tensors.Count == 0);
            foreach (var value in file.Metadata.Values) Assert.NotEmpty(value.Preview());
            foreach (var tensor in file.Tensors) Assert.Equal(tensor.Bytes, file.Weight(tensor).Bytes);
        }
    }

    [Fact]
    public void Version_2_opens()
    {
        using var bytes = GgufBytes.Header(1, 1, version: 2).Key("a.b", GgufType.UInt16).Raw([7, 0]).Tensor("t", 0, 0, 2, 3).Data(24);
        using var file = bytes.Open();
        Assert.Equal((2, 7), (file.Version, file.Metadata.GetInt32("a.b")));
        Assert.Equal(3, file.Weight(file.Tensors[0]).Rows);
    }

    [Fact]
    public void A_tensor_without_dimensions_is_one_number()
    {
        using var bytes = GgufBytes.Header(1, 0).Tensor("t", 0, 0).Data(4);
        using var file = bytes.Open();
        var weight = file.Weight(file.Tensors[0]);
        Assert.Equal((1, 1, 4L), (weight.Rows, weight.Columns, file.Tensors[0].Bytes));
    }

    [Fact]
    public void Tensors_may_lie_in_any_order_with_gaps_between()
    {
        using var bytes = GgufBytes.Header(2, 0).Tensor("second", 0, 256, 32).Tensor("first", 0, 64, 32).Data(400);
        using var file = bytes.Open();
        Assert.Equal(192, file.Tensor("second")!.Offset - file.Tensor("first")!.Offset);
    }

    [Fact]
    public void A_tensor_past_four_gigabytes_is_read()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a file with a hole of gigabytes costs nothing only elsewhere");
        const long Far = 5L << 30;
        using var bytes = GgufBytes.Header(2, 0).Tensor("near", 0, 0, 1).Tensor("far", 0, Far, 1).Data(4);
        bytes.Write();
        var data = (bytes.Length - 4 + 31) / 32 * 32;
        using (var stream = File.OpenWrite(bytes.Path))
        {
            stream.Position = data + Far;
            stream.Write(BitConverter.GetBytes(42f));
        }

        using var file = GgufFile.Open(bytes.Path);
        var value = new float[1];
        file.Weight(file.Tensor("far")!).Dequantize(0, value);
        Assert.Equal((42f, data + Far), (value[0], file.Tensor("far")!.Offset));
    }

    [Fact]
    public void A_format_that_cannot_be_computed_is_listed_all_the_same()
    {
        using var bytes = GgufBytes.Header(1, 0).Tensor("t", (uint)TensorType.IQ2_XXS, 0, 256).Data(66);
        using var file = bytes.Open();
        Assert.Equal((TensorType.IQ2_XXS, 66L), (file.Tensors[0].Type, file.Tensors[0].Bytes));
    }

    [Fact]
    public void More_rows_than_a_matrix_holds_are_refused_when_asked_for()
    {
        var tensor = new GgufTensor { Name = "t", Dimensions = [1L << 31, 1], Type = TensorType.F32, Offset = 64, Bytes = 0 };
        using var file = GgufFile.Open(Repository.Model);
        var error = Assert.Throws<ModelFileException>(() => file.Weight(tensor));
        Assert.EndsWith("tensor t at offset 64: [1, 2147483648] is more than 2^31 - 1 rows or columns", error.Message);
    }

    [Fact]
    public void A_missing_file_is_named()
        => Assert.Equal("/nowhere/model.gguf: there is no such file", Assert.Throws<FileNotFoundException>(() => GgufFile.Open("/nowhere/model.gguf")).Message);

    [Fact]
    public void A_folder_is_named()
        => Assert.Equal($"{Repository.Root}: is a folder, not a GGUF file", Assert.Throws<IOException>(() => GgufFile.Open(Repository.Root)).Message);

    [Fact]
    public void A_file_without_permission_is_named()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows() || Environment.IsPrivilegedProcess, "this user may read every file");
        using var bytes = GgufBytes.Header(0, 0);
        bytes.Open().Dispose();
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(bytes.Path, UnixFileMode.None);
        Assert.Equal($"{bytes.Path}: no permission to read it", Assert.Throws<IOException>(() => GgufFile.Open(bytes.Path)).Message);
    }

    [Fact]
    public void A_value_of_a_closed_file_is_refused()
    {
        using var bytes = GgufBytes.Header(0, 1).Key("a", GgufType.UInt8).Raw([1]);
        var file = bytes.Open();
        var value = file.Metadata["a"]!;
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => value.AsInt32());
    }
}
