using System.Text.Json.Nodes;

namespace Homegrown.Cli.Tests.Commands;

public sealed class RunTests
{
    [Fact]
    public async Task The_streamed_text_is_the_text_of_the_json()
    {
        string[] line = ["run", "-p", "Once upon a time", "-n", "12", "--seed", "7"];
        var streamed = await Cli.RunAsync(line);
        var whole = JsonNode.Parse((await Cli.RunAsync([.. line, "--json"])).Out)!;
        Assert.Equal(0, streamed.Code);
        Assert.Equal("", streamed.Error);
        Assert.Equal(streamed.Out, (string?)whole["text"] + "\n");
        Assert.Equal(12, whole["ids"]!.AsArray().Count);
        Assert.Equal("length", (string?)whole["finish"]);
        Assert.Equal(12, (int?)whole["timings"]!["generated_tokens"]);
    }

    [Fact]
    public async Task A_pipe_is_the_prompt_without_its_last_line_break()
    {
        var given = await Cli.RunAsync("run", "-p", "2, 3, 5,", "-n", "4", "--temp", "0");
        Assert.Equal(given, await Cli.RunAsync(Cli.Piped("2, 3, 5,\n"), "run", "-n", "4", "--temp", "0"));
        Assert.Equal(given, await Cli.RunAsync(Cli.Piped("2, 3, 5,\r\n"), "run", "-p", "-", "-n", "4", "--temp", "0"));
    }

    [Fact]
    public async Task A_stop_text_ends_it_and_is_not_shown()
    {
        var outcome = await Cli.RunAsync("run", "-p", "Count: 1, 2, 3, 4,", "--temp", "0", "-n", "40", "--stop", "7", "--json");
        var answer = JsonNode.Parse(outcome.Out)!;
        Assert.Equal("stop", (string?)answer["finish"]);
        Assert.Equal("7", (string?)answer["stopped_by"]);
        Assert.DoesNotContain("7", (string?)answer["text"]);
    }

    [Theory]
    [InlineData("--dry-multiplier", "5", "--dry-sequence-breaker", "none")]
    [InlineData("--temp", "1", "--seed", "3", "--mirostat", "2", "--mirostat-ent", "8")]
    [InlineData("--temp", "1", "--seed", "3", "--xtc-probability", "1", "--top-n-sigma", "1", "--typical-p", "0.9")]
    public async Task A_sampler_changes_the_text_and_a_seed_repeats_it(params string[] options)
    {
        string[] line = ["run", "-p", "red green blue red green blue red green blue red green", "-n", "8", "--temp", "0"];
        var plain = await Cli.RunAsync(line);
        line = [.. options[0] == "--temp" ? line[..^2] : line, .. options];
        var sampled = await Cli.RunAsync(line);
        Assert.Equal((0, ""), (sampled.Code, sampled.Error));
        Assert.NotEqual(plain.Out, sampled.Out);
        Assert.Equal(sampled, await Cli.RunAsync(line));
    }

    [Fact]
    public async Task A_prompt_that_does_not_fit_is_refused_with_both_counts()
    {
        var outcome = await Cli.RunAsync("run", "-p", string.Concat(Enumerable.Repeat("word ", 100)), "--ctx", "64");
        Assert.Equal(2, outcome.Code);
        Assert.Equal("", outcome.Out);
        Assert.Matches(@"The prompt has \d+ tokens; the context holds 64\.", outcome.Error);
    }

    [Fact]
    public async Task Control_C_stops_it_with_code_130()
    {
        var terminal = Cli.InterruptedAt("", writes: 2);
        var outcome = await Cli.RunAsync(terminal, "run", "-p", "Once upon a time", "--ignore-eos");
        Assert.Equal(130, outcome.Code);
        Assert.NotEqual("", outcome.Out.Trim());
    }
}
