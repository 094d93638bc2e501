using Homegrown.Engine.Formats;
using Homegrown.Engine.Formats.Safetensors;

namespace Homegrown.Engine.Tests.Formats.Safetensors;

/// <summary>Files that lie: each opens, or is refused in one line that names it.</summary>
public class SafetensorsHostileTests
{
    [Fact]
    public void A_file_cut_at_any_byte_is_refused()
    {
        using var file = Small();
        var whole = file.Bytes();
        Assert.Null(Refusal(file.Path, whole));
        for (var length = 0; length < whole.Length; length++) Assert.NotNull(Refusal(file.Path, whole[..length]));
    }

    [Fact]
    public void A_header_with_changed_bytes_opens_or_is_refused()
    {
        using var file = Small();
        var (whole, random, refused) = (file.Bytes(), new Random(3), 0);
        for (var round = 0; round < 1000; round++)
        {
            var bytes = whole.ToArray();
            bytes[random.Next(whole.Length - 24)] = (byte)random.Next(256);
            if (Refusal(file.Path, bytes) is not null) refused++;
        }

        Assert.InRange(refused, 500, 1000);
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12)]   // overlap
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12)]                                                      // a hole before
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 12)]                                                       // bytes after
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", 8)]                                                        // bytes of another shape
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", 8)]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,9223372036854775807]}}""", 8)]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}""", 8)]
    [InlineData("""{"a":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,8]}}""", 8)]
    [InlineData("""{"a":{"dtype":"F33","shape":[2],"data_offsets":[0,8]}}""", 8)]
    [InlineData("""{"a":{"dtype":"1","shape":[8],"data_offsets":[0,8]}}""", 8)]
    [InlineData("""{"a":{"shape":[2],"data_offsets":[0,8]}}""", 8)]
    [InlineData("""{"a":{"dtype":"F32","data_offsets":[0,8]}}""", 8)]
    [InlineData("""{"a":{"dtype":"F32","shape":[2]}}""", 8)]
    [InlineData("""{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}}""", 8)]
    [InlineData("""{"a":[[[[[[[[[[[[0]]]]]]]]]]]]}""", 0)]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} x""", 8)]
    [InlineData("[]", 0)]
    public void A_header_that_lies_is_refused(string header, int data)
    {
        using var file = Small();
        Assert.NotNull(Refusal(file.Path, SafetensorsBytes.Whole(header, new byte[data])));
    }

    [Theory]
    [InlineData("../model.safetensors")]
    [InlineData("/model.safetensors")]
    [InlineData("..")]
    [InlineData("folder/model.safetensors")]
    [InlineData("")]
    [InlineData("absent.safetensors")]
    public void A_shard_outside_of_the_folder_or_absent_is_refused(string shard) => RefusesIndex("a", shard);

    [Fact]
    public void A_tensor_that_is_not_in_its_shard_is_refused() => RefusesIndex("elsewhere", "model.safetensors");

    static void RefusesIndex(string tensor, string shard)
    {
        using var file = Small().Write();
        File.WriteAllText(file.Path + ".index.json", $"{{\"weight_map\":{{\"{tensor}\":\"{shard}\"}}}}");
        Assert.StartsWith(file.Path + ".index.json: ", Assert.Throws<ModelFileException>(() => SafetensorsFolder.Open(file.Folder).Dispose()).Message);
    }

    static SafetensorsBytes Small() => new SafetensorsBytes().Floats("a", [2, 2], 1, 2, 3, 4).Words("b", [2], 5, 6);

    static string? Refusal(string path, byte[] bytes)
    {
        File.WriteAllBytes(path, bytes);
        try
        {
            using var file = SafetensorsFile.Open(path);
            return null;
        }
        catch (ModelFileException error)
        {
            Assert.StartsWith(path + ": ", error.Message, StringComparison.Ordinal);
            return error.Message;
        }
    }
}
