using Homegrown.Testing;

namespace Homegrown.Cli.Tests;

public sealed class CommandLineTests
{
    [Fact]
    public async Task Without_arguments_it_shows_help_with_examples()
    {
        var outcome = await Cli.RunAsync();
        Assert.Equal(0, outcome.Code);
        Assert.Contains("homegrown chat", outcome.Out);
    }

    [Fact]
    public async Task Every_verb_has_help_that_ends_with_examples()
    {
        foreach (var verb in Program.Verbs(Cli.Piped()).Subcommands)
        {
            var outcome = await Cli.RunAsync(verb.Name, "--help");
            Assert.Equal(0, outcome.Code);
            Assert.Contains($"homegrown {verb.Name}", outcome.Out[outcome.Out.IndexOf("Examples:", StringComparison.Ordinal)..]);
        }
    }

    [Theory]
    [InlineData("there is no verb 'sever'. Did you mean 'serve'?", "sever")]
    [InlineData("--temp is -1; it must be 0 or more.", "run", "-p", "x", "--temp", "-1")]
    [InlineData("--top-p is 1.5; it must be 0 to 1.", "run", "-p", "x", "--top-p", "1.5")]
    [InlineData("--mirostat is 3; it must be 0 to 2.", "run", "-p", "x", "--mirostat", "3")]
    [InlineData("--dry-base is 0.5; it must be 1 or more.", "chat", "-p", "x", "--dry-base", "0.5")]
    [InlineData("dry_sequence_breakers is ''; it must be 1 to 40 characters.", "run", "-p", "x", "--dry-sequence-breaker", "")]
    [InlineData("--threads", "bench", "--threads", "many")]
    [InlineData("--tokens", "logits", "--out", "x.f32")]
    [InlineData("no model 'smollm3': neither a file, nor a folder with a config.json, nor a name in /nowhere. Did you mean 'smollm2-135m'? There is: smollm2-135m.", "run", "smollm3", "-p", "x")]
    [InlineData("--tier", "run", "-p", "x", "--tier", "quantum")]
    [InlineData("--cache-type", "run", "-p", "x", "--cache-type", "q3_0")]
    [InlineData("give its message with -p", "chat", "--json")]
    [InlineData("can be reached from other machines: give an API key, or allow requests without one.\n", "serve", "--host", "*")]
    [InlineData("max_tokens is 0", "run", "-p", "x", "-n", "0")]
    [InlineData("both a text and --file", "tokenize", "a", "b", "--file", "c")]
    public async Task A_wrong_argument_is_one_line_with_the_next_step_and_code_2(string said, params string[] arguments)
    {
        var outcome = await Cli.RunAsync(arguments);
        Assert.Equal(2, outcome.Code);
        Assert.Equal("", outcome.Out);
        Assert.Contains(said, outcome.Error);
        Assert.Single(outcome.Error.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task A_file_that_is_no_model_is_one_line_and_code_2()
    {
        var file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + ".gguf");
        File.WriteAllText(file, "GGUF but not really");
        try
        {
            foreach (var verb in (string[])["inspect", "run", "tokenize"])
            {
                var outcome = await Cli.RunAsync(verb == "run" ? [verb, file, "-p", "x"] : verb == "tokenize" ? [verb, file, "x"] : [verb, file]);
                Assert.Equal(2, outcome.Code);
                Assert.Contains(Path.GetFileName(file), outcome.Error);
                Assert.Single(outcome.Error.TrimEnd().Split('\n'));
            }
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Completion_offers_verbs_options_and_models()
    {
        Assert.Contains("tokenize", (await Cli.RunAsync("[suggest:12]", "homegrown to")).Out);
        Assert.Contains("--min-p", (await Cli.RunAsync("[suggest:17]", "homegrown run --m")).Out);
        Assert.Contains("smollm2-135m", (await Cli.RunAsync("[suggest:14]", "homegrown run ")).Out);
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    [InlineData("powershell")]
    public async Task A_completion_script_asks_the_parser(string shell) => Assert.Contains("[suggest:", (await Cli.RunAsync("completion", shell)).Out);

    [Fact]
    public async Task The_embedded_model_is_listed_by_its_name()
    {
        var listed = System.Text.Json.Nodes.JsonNode.Parse((await Cli.RunAsync("list", "--json")).Out)!.AsArray();
        var model = Assert.Single(listed)!;
        Assert.Equal("smollm2-135m", (string?)model["name"]);
        Assert.Equal(Repository.Model, (string?)model["path"]);
    }
}
