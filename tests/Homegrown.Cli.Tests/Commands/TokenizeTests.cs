using System.Text.Json.Nodes;
using Homegrown.Testing;

namespace Homegrown.Cli.Tests.Commands;

public sealed class TokenizeTests
{
    [Theory]
    [InlineData("bert-bge")]
    [InlineData("deepseek-llm")]
    [InlineData("gpt-2")]
    [InlineData("llama-bpe")]
    [InlineData("llama-spm")]
    [InlineData("phi-3")]
    [InlineData("qwen2")]
    public async Task Ids_of_separated_texts_are_those_of_the_reference(string name)
    {
        var vocabulary = Repository.Shared("vocab", $"ggml-vocab-{name}.gguf");
        var outcome = await Cli.RunAsync("tokenize", vocabulary, "--file", vocabulary + ".inp", "--ids", "--no-special", "--separator", "__ggml_vocab_test__");
        Assert.Equal(0, outcome.Code);
        Assert.Equal(File.ReadAllLines(vocabulary + ".out").Select(line => line.Trim()), outcome.Out.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public async Task The_golden_prompts_have_their_golden_ids()
    {
        foreach (var conversation in Golden.Conversations())
        {
            var ids = string.Join(' ', conversation["prompt_ids"]!.AsArray());
            var outcome = await Cli.RunAsync("tokenize", "smollm2-135m", (string)conversation["prompt"]!, "--ids");
            Assert.Equal(ids + "\n", outcome.Out);
        }
    }

    [Fact]
    public async Task One_argument_is_the_text_for_the_embedded_model_unless_it_names_a_model()
    {
        var expected = await Cli.RunAsync("tokenize", "smollm2-135m", "Hello world", "--ids");
        Assert.Equal(0, expected.Code);
        Assert.Equal(expected, await Cli.RunAsync("tokenize", "Hello world", "--ids"));
        Assert.Equal(expected, await Cli.RunAsync(Cli.Piped("Hello world"), "tokenize", "--ids"));
        Assert.Equal(expected, await Cli.RunAsync(Cli.Piped("Hello world"), "tokenize", Repository.Model, "--ids"));
        Assert.Equal(expected, await Cli.RunAsync(Cli.Piped("Hello world"), "tokenize", "--file", "-", "--ids"));
    }

    [Fact]
    public async Task Pieces_and_json_say_what_the_ids_stand_for()
    {
        var json = JsonNode.Parse((await Cli.RunAsync("tokenize", "Hello\nworld", "--json")).Out)![0]!;
        var lines = (await Cli.RunAsync("tokenize", "Hello\nworld")).Out.TrimEnd('\n').Split('\n');
        Assert.Equal(lines.Select(line => line.Trim().Split("  ")[0]), json["ids"]!.AsArray().Select(id => id!.ToString()));
        Assert.Equal("Hello", (string?)json["pieces"]![0]);
    }

    [Fact]
    public async Task Without_special_tokens_a_spelled_control_token_is_text()
    {
        var special = await Cli.RunAsync("tokenize", "<|im_start|>", "--ids");
        var plain = await Cli.RunAsync("tokenize", "<|im_start|>", "--ids", "--no-special");
        Assert.Equal("1\n", special.Out);
        Assert.True(plain.Out.Split(' ').Length > 3);
    }
}
