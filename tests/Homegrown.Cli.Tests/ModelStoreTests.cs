namespace Homegrown.Cli.Tests;

public sealed class ModelStoreTests : IDisposable
{
    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("homegrown-models");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void A_name_is_the_file_name_without_extension_in_any_case_and_folder()
    {
        var file = Put("maker/Tiny-1B.Q4_K.gguf", 10);
        Assert.Equal(file, Store().Resolve("tiny-1b.q4_k"));
        Assert.Equal(file, Store().Resolve("Tiny-1B.Q4_K.gguf"));
    }

    [Fact]
    public void A_split_model_is_one_model_opened_by_its_first_file()
    {
        var first = Put("big-00001-of-00002.gguf", 10);
        Put("big-00002-of-00002.gguf", 7);
        var model = Assert.Single(Store().List());
        Assert.Equal(("big", first, 17), (model.Name, model.Path, model.Bytes));
    }

    [Fact]
    public void A_path_is_taken_before_a_name() => Assert.Equal(Put("x.gguf", 1), Store().Resolve(Path.Combine(folder.FullName, "x.gguf")));

    [Fact]
    public void Without_a_name_it_is_the_embedded_model()
    {
        var embedded = Put("embedded", 1);
        Assert.Equal(embedded, new ModelStore("/nowhere", embedded).Resolve(null));
        Assert.Equal(embedded, new ModelStore("/nowhere", embedded).Resolve("SmolLM2-135M"));
        Assert.Equal(embedded, new ModelStore("/nowhere", embedded).Resolve("smollm2-135m-instruct.q4_1"));
    }

    [Fact]
    public void An_unknown_name_lists_what_there_is()
    {
        Put("tiny.gguf", 1);
        var error = Assert.Throws<UsageException>(() => Store().Resolve("tiney"));
        Assert.Contains("Did you mean 'tiny'? There is: tiny.", error.Message);
    }

    ModelStore Store() => new(folder.FullName, null);

    string Put(string name, int bytes)
    {
        var path = Path.Combine(folder.FullName, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, new byte[bytes]);
        return path;
    }
}
