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
        foreach (var figure in (string[])["prefill_tokens_per_second", "decode_tokens_per_second", "first_token_ms", "load_ms", "resident_bytes",
            "bytes_per_token", "bandwidth_bytes_per_second", "bandwidth_share"])
            Assert.True((double)report[figure]! > 0, figure);
        Assert.Equal((1, 32, 4, 2), ((int)report["threads"]!, (int)report["prompt_tokens"]!, (int)report["generated_tokens"]!, (int)report["runs"]!));
    }
}
