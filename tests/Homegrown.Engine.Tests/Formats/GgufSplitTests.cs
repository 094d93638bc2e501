using Homegrown.Engine.Formats;
using Homegrown.Kernels.Quant;

namespace Homegrown.Engine.Tests.Formats;

public sealed class GgufSplitTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("homegrown-split-").FullName;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Any_part_opens_all(int part)
    {
        WriteParts();
        using var file = GgufFile.Open(PartPath(part));
        Assert.Equal([PartPath(1), PartPath(2), PartPath(3)], file.Paths);
        Assert.Equal("llama", file.Metadata.GetString("general.architecture"));
        Assert.Equal(["t0", "t1", "t2"], file.Tensors.Select(tensor => tensor.Name));
        for (var i = 0; i < 3; i++)
        {
            var values = new float[32];
            file.Weight(file.Tensor($"t{i}")!).Dequantize(0, values);
            Assert.Equal(i, file.Tensor($"t{i}")!.File);
            Assert.All(values, value => Assert.Equal(i + 1, value));
        }
    }

    [Fact]
    public void A_missing_part_is_named()
    {
        WriteParts();
        File.Delete(PartPath(2));
        AssertRefused(1, $"{PartPath(1)}: split.count at offset 114: says 3 parts, but {PartPath(2)} is missing");
    }

    [Fact]
    public void A_part_under_another_parts_name_is_named()
    {
        WriteParts();
        File.Copy(PartPath(3), PartPath(2), overwrite: true);
        AssertRefused(1, $"{PartPath(2)}: split.no at offset 44: is 2, but by its name the part's is 1");
    }

    [Fact]
    public void A_part_of_a_model_with_other_parts_is_named()
    {
        WriteParts();
        WritePart(2, number: 1, count: 4, tensors: 3);
        AssertRefused(1, $"{PartPath(2)}: split.count at offset 69: is 4, but the first part opened has 3");
    }

    [Fact]
    public void A_part_without_a_number_is_named()
    {
        WriteParts();
        WrittenModel.Write(PartPath(2), writer => writer.Add("general.name", "another model"));
        AssertRefused(1, $"{PartPath(2)}: split.no at offset 0: the metadata has no such key");
    }

    [Fact]
    public void A_renamed_part_says_how_its_name_must_end()
    {
        WriteParts();
        var renamed = Path.Combine(folder, "renamed.gguf");
        File.Copy(PartPath(1), renamed);
        Assert.Equal(
            $"{renamed}: split.count at offset 114: says 3 parts, but the file's name does not end in -00001-of-00003.gguf; give it back its name",
            Assert.Throws<ModelFileException>(() => GgufFile.Open(renamed)).Message);
    }

    [Fact]
    public void Parts_that_together_have_other_tensors_than_they_say_are_refused()
    {
        for (var i = 0; i < 3; i++) WritePart(i + 1, i, count: 3, tensors: 7);
        AssertRefused(1, $"{PartPath(1)}: split.tensors.count at offset 147: says 7 tensors, the files have 3");
    }

    [Fact]
    public void A_tensor_in_two_parts_is_refused()
    {
        WriteParts();
        WritePart(3, number: 2, count: 3, tensors: 3, tensor: "t1");
        AssertRefused(1, $"{PartPath(3)}: tensor t1 at offset 160: it is in {PartPath(2)} too");
    }

    [Fact]
    public void A_damaged_part_is_the_one_that_is_named()
    {
        WriteParts();
        File.WriteAllText(PartPath(3), "damaged");
        AssertRefused(2, $"{PartPath(3)}: magic at offset 0: not a GGUF file: it does not begin with \"GGUF\"");
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    string PartPath(int part) => Path.Combine(folder, $"model-{part:d5}-of-00003.gguf");

    void WriteParts()
    {
        for (var i = 0; i < 3; i++) WritePart(i + 1, i, count: 3, tensors: 3);
    }

    void WritePart(int part, int number, int count, int tensors, string? tensor = null) => WrittenModel.Write(PartPath(part), writer =>
    {
        if (part == 1) writer.Add("general.architecture", "llama");
        writer.Add("split.no", (ushort)number);
        writer.Add("split.count", (ushort)count);
        writer.Add("split.tensors.count", tensors);
        writer.AddTensor(tensor ?? $"t{number}", TensorType.F32, 32);
        var values = new float[32];
        values.AsSpan().Fill(part);
        writer.WriteData(System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()));
    });

    void AssertRefused(int part, string message) => Assert.Equal(message, Assert.Throws<ModelFileException>(() => GgufFile.Open(PartPath(part))).Message);
}
