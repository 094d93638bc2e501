using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Folders;

/// <summary>
/// GGUF and folder of the same weights are one model: names and layout differ, in the loader alone. Not exact, as users run it: exact mode
/// follows the reference of a file's kind (docs/adr/0009).
/// </summary>
public sealed class GgufOfFolderTests : IDisposable
{
    // Blocks and packings that GGUF has no types for.
    static readonly string[] OtherLayouts = ["-fp8", "-fp4", "-gptq-sym", "-gptq-asym", "-awq", "-ct-int4"];

    readonly string temporary = Directory.CreateTempSubdirectory("homegrown-gguf-").FullName;

    public static TheoryData<string> Folders => [.. FolderTests.Folders.Select(row => row.Data).Where(name => !OtherLayouts.Any(name.EndsWith))];

    [Theory]
    [MemberData(nameof(Folders))]
    public void Logits_of_both_are_equal_bit_for_bit(string name) => Equal(Repository.Shared("hf", name), further: 0);

    [Fact]
    public void Layers_of_a_file_that_predict_further_tokens_are_not_part_of_the_model() => Equal(Repository.Shared("hf", "glm4_moe"), further: 2);

    [Fact]
    public void Numbers_of_Apertus_activation_are_keys_of_a_file() => Equal(
        Repository.Shared("hf", "apertus"),
        further: 0,
        new Dictionary<string, string> { ["ffn_xielu_alpha_p"] = "xielu.alpha_p", ["ffn_xielu_alpha_n"] = "xielu.alpha_n", ["ffn_xielu_beta"] = "xielu.beta", ["ffn_xielu_eps"] = "xielu.eps" });

    public void Dispose() => Directory.Delete(temporary, recursive: true);

    void Equal(string folder, int further, IReadOnlyDictionary<string, string>? numbers = null)
    {
        var file = Path.Combine(temporary, "model.gguf");
        GgufOfFolder.Write(folder, file, further, numbers: numbers);
        using var ofFolder = LocalModel.Load(folder);
        using var ofGguf = LocalModel.Load(file);
        Assert.Empty(ofGguf.Warnings);
        var tokens = FolderTests.Tokens(folder, "a");
        Assert.Equal(Logits(ofFolder, tokens), Logits(ofGguf, tokens));
    }

    static float[] Logits(LocalModel model, int[] tokens)
    {
        var logits = new float[tokens.Length * model.VocabularySize];
        model.Logits(tokens, (position, row) => row.CopyTo(logits.AsSpan(position * model.VocabularySize)));
        return logits;
    }
}
