using System.Text.Json.Nodes;
using Homegrown.Engine.Formats;
using Homegrown.Engine.Tests.Folders;

namespace Homegrown.Engine.Tests.Models;

/// <summary>A model that cannot run is refused in one line: file, name, what was expected, and the nearest thing that would do.</summary>
public sealed class RefusalTests
{
    const string Gguf = "model.gguf";

    [Fact]
    public void A_folder_of_an_unknown_family()
        => Refused(Folder(new() { ["model_type"] = "xverses" }), "config.json", "model_type: 'xverses' is not supported; the nearest there is 'xverse' (supported: ");

    [Fact]
    public void A_file_of_an_unknown_architecture()
        => Refused(File((name, value) => (name, name == "general.architecture" ? "xverses" : value)), Gguf, "general.architecture at offset *: 'xverses' is not supported; the nearest there is 'xverse' (supported: ");

    [Fact]
    public void A_setting_that_is_missing()
        => Refused(
            Folder(new() { ["num_attention_heads"] = null, ["num_attention_head"] = 4 }),
            "config.json",
            "num_attention_heads or n_head: is missing: a number for all layers, or one for each is needed; the nearest there is 'num_attention_head'");

    [Fact]
    public void A_key_that_is_missing()
        => Refused(
            File((name, value) => (name.Replace("embedding_length", "embedding_size"), value)),
            Gguf,
            "xverse.embedding_length at offset 0: is missing: a whole number above 0 is needed; the nearest there is 'xverse.embedding_size'");

    [Fact]
    public void A_setting_of_the_wrong_kind() => Refused(Folder(new() { ["hidden_size"] = "48" }), "config.json", "hidden_size or n_embd or d_model: is a text, not an integer");

    [Fact]
    public void A_tensor_that_is_missing_in_a_folder()
        => Refused(
            Folder([], name => name.Replace("down_proj", "down_project")),
            "",
            "tensor model.layers.0.mlp.down_proj: is missing: the model needs it, [48, 56]; the nearest there is 'model.layers.0.mlp.down_project.weight'");

    [Fact]
    public void A_tensor_that_is_missing_in_a_file()
        => Refused(
            File((name, value) => (name.Replace("ffn_down", "ffn_downs"), value)),
            Gguf,
            "tensor blk.0.ffn_down.weight: is missing: the model needs it, [48, 56]; the nearest there is 'blk.0.ffn_downs.weight'");

    [Fact]
    public void A_tensor_of_a_folder_with_another_shape()
        => Refused(
            Folder(new() { ["intermediate_size"] = 64 }),
            "model.safetensors",
            "tensor model.layers.0.mlp.gate_proj.weight at offset *: has shape [56, 48], the model's keys need [64, 48]: they are of another model, or a key is wrong");

    [Fact]
    public void A_tensor_of_a_file_with_another_shape()
        => Refused(
            File((name, value) => (name, name == "xverse.feed_forward_length" ? 64L : value)),
            Gguf,
            "tensor blk.0.ffn_gate.weight at offset *: has shape [56, 48], the model's keys need [64, 48]: they are of another model, or a key is wrong");

    static RandomFolder Folder(JsonObject settings, Func<string, string>? called = null)
    {
        JsonObject all = new() { ["rms_norm_eps"] = 1e-6 };
        foreach (var (name, value) in settings) all[name] = value?.DeepClone();
        return new RandomFolder(1, "xverse", all) { Called = called ?? (name => name) }.AddMatrices().AddNorms(biases: false, "input_layernorm", "post_attention_layernorm").Write();
    }

    static RandomFolder File(Func<string, object?, (string, object?)> change)
    {
        var folder = Folder([]);
        GgufOfFolder.Write(folder.Path, Path.Combine(folder.Path, Gguf), change: change);
        return folder;
    }

    /// <param name="file">Of the folder: config.json and safetensors are tried with the folder, a GGUF file by itself.</param>
    /// <param name="message">Without the file's path; * stands for a number, and what is longer may follow.</param>
    static void Refused(RandomFolder folder, string file, string message)
    {
        using (folder)
        {
            var error = Assert.Throws<ModelFileException>(() => LocalModel.Load(file == Gguf ? Path.Combine(folder.Path, file) : folder.Path).Dispose());
            Assert.DoesNotContain('\n', error.Message);
            var expected = $"{Path.Combine(folder.Path, file)}: {message}".Replace("*", $"{error.Offset}");
            Assert.StartsWith(expected, error.Message);
        }
    }
}
