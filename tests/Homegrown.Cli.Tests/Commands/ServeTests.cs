using System.Text.Json.Nodes;

namespace Homegrown.Cli.Tests.Commands;

public sealed class ServeTests
{
    [Fact]
    public async Task It_says_where_it_listens_answers_there_and_ends_with_Control_C()
    {
        using var output = new FirstLine();
        var terminal = Cli.Piped(output: output);
        var serving = Cli.RunAsync(terminal, "serve", "--port", "0", "--api-key", "secret", "--ctx", "256");
        var line = await output.Line;
        using var client = new HttpClient { DefaultRequestHeaders = { { "Authorization", "Bearer secret" } } };
        var models = JsonNode.Parse(await client.GetStringAsync(line.Split(' ').Last(word => word.EndsWith("/v1", StringComparison.Ordinal)) + "/models"))!;
        Assert.Equal("SmolLM2-135M-Instruct.Q4_1", (string?)models["data"]![0]!["id"]);
        Assert.True(terminal.Interrupts.Raise());
        Assert.Equal(0, (await serving).Code);
    }

    [Fact]
    public async Task An_address_that_is_not_ours_is_one_line()
    {
        var outcome = await Cli.RunAsync("serve", "--host", "203.0.113.7", "--api-key", "k"); // TEST-NET-3, RFC 5737: nobody's address
        Assert.Equal(1, outcome.Code);
        Assert.StartsWith("homegrown: cannot listen on 203.0.113.7, port 8080: ", outcome.Error);
        Assert.Single(outcome.Error.TrimEnd().Split('\n'));
    }

    sealed class FirstLine : StringWriter
    {
        readonly TaskCompletionSource<string> line = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<string> Line => line.Task;

        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            line.TrySetResult(value!);
        }
    }
}
