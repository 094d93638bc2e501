using System.Text.Json.Nodes;

namespace Homegrown.Cli.Tests.Commands;

public sealed class BenchTests
{
    [Fact]
    public async Task The_json_has_every_figure()
    {
        var outcome = await Cli.RunAsync("bench", "--prompt", "32", "--generate", "4", "--runs", "2", "--threads", "1", "--json");
        Assert.Equal(0, outcome.Code);
        Assert.Equal("", outcome.Error);
        var report = JsonNode.Parse(outcome.Out)!.AsObject();
        foreach (var figure in (string[])["prefill_tokens_per_second", "decode_tokens_per_second", "first_token_ms", "cold_first_token_ms", "load_ms", "resident_bytes",
            "bytes_per_token", "bandwidth_bytes_per_second", "bandwidth_share"])
            Assert.True((double)report[figure]! > 0, figure);
        Assert.Equal((1, 32, 4, 2), ((int)report["threads"]!, (int)report["prompt_tokens"]!, (int)report["generated_tokens"]!, (int)report["runs"]!));
    }

    [Fact]
    public async Task A_server_is_measured_with_new_prompts_and_with_the_same_again()
    {
        var outcome = await Cli.RunAsync("bench", "--serve", "--requests", "3", "--streams", "2", "--prompt", "70", "--generate", "4", "--json");
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        var report = JsonNode.Parse(outcome.Out)!;
        foreach (var round in (string[])["fresh", "cached"])
        {
            Assert.Equal(12, (int)report[round]!["tokens"]!);
            foreach (var figure in (string[])["tokens_per_second", "first_token_ms", "gap_ms", "worst_gap_ms"]) Assert.True((double)report[round]![figure]! > 0, figure);
        }
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_one_line()
    {
        var outcome = await Cli.RunAsync("bench", "--serve", "--url", "http://127.0.0.1:9", "--json");
        Assert.Equal(1, outcome.Code);
        Assert.Contains("127.0.0.1:9", Assert.Single(outcome.Error.TrimEnd().Split('\n')));
    }

    [Fact]
    public async Task Random_weights_are_measured_with_every_prompt_and_number_of_threads_and_leave_no_file()
    {
        var folder = Directory.CreateTempSubdirectory("homegrown-bench-").FullName;
        var kept = Path.Combine(folder, "kept.gguf");
        try
        {
            string[] same = ["--prompt", "4,8", "--generate", "2", "--depth", "6", "--runs", "1"];
            var outcome = await Cli.RunAsync(["bench", "--shape", "smollm2-135m", "--type", "q4_0", "--keep", kept, .. same, "--threads", "1,2", "--json"]);
            Assert.Equal((0, ""), (outcome.Code, outcome.Error));
            var reports = outcome.Out.TrimEnd().Split('\n').Select(line => JsonNode.Parse(line)!).ToList();
            Assert.Equal([1, 2], reports.Select(report => (int)report["threads"]!));
            Assert.Equal([4, 8], reports[0]["prefill"]!.AsArray().Select(prefill => (int)prefill!["prompt_tokens"]!));
            Assert.Equal(6, (int)reports[0]["depth"]!);
            Assert.True(File.Exists(kept));

            var again = await Cli.RunAsync("bench", "--shape", "smollm2-135m", "--type", "q4_0", "--keep", kept);
            Assert.Equal(2, again.Code);
            Assert.Contains("exists; remove it", again.Error);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("there is no shape 'qwen9'; there is qwen2.5-0.5b", "--shape", "qwen9")]
    [InlineData("there is no type 'Q9'; there is F32", "--shape", "smollm2-135m", "--type", "Q9")]
    [InlineData("--keep keeps what --shape writes", "--keep", "x.gguf")]
    [InlineData("both MODEL and --shape", "smollm2-135m", "--shape", "smollm2-135m")]
    [InlineData("'x' is not a whole number of 1 or more", "--prompt", "8,x")]
    [InlineData("need 73 positions; the context of", "--depth", "68", "--generate", "4", "--prompt", "1", "--ctx", "64")]
    public async Task What_cannot_be_measured_is_said_in_one_line(string said, params string[] arguments)
    {
        var outcome = await Cli.RunAsync(["bench", .. arguments]);
        Assert.Equal(2, outcome.Code);
        Assert.Contains(said, outcome.Error);
        Assert.Single(outcome.Error.TrimEnd().Split('\n'));
    }
}
