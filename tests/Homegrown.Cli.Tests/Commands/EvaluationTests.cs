using System.Text.Json.Nodes;
using Homegrown.Testing;

namespace Homegrown.Cli.Tests.Commands;

public sealed class EvaluationTests : IDisposable
{
    readonly string text = Path.GetTempFileName();

    public EvaluationTests()
        => File.WriteAllText(text, File.ReadAllText(Path.Combine(Path.GetDirectoryName(Repository.Model)!, "eval-en.txt"))[..1000]);

    public void Dispose() => File.Delete(text);

    [Fact]
    public async Task Kld_compares_with_float32_and_its_perplexity_is_that_of_perplexity()
    {
        var kld = Parse(await Cli.RunAsync("kld", "--text", text, "--chunk", "64", "--json"));
        Assert.InRange((double)kld["mean_kld"]!, 1e-12, 0.004);
        Assert.True((double)kld["median_kld"]! <= (double)kld["kld_90"]! && (double)kld["kld_90"]! <= (double)kld["kld_99"]! && (double)kld["kld_99_9"]! <= (double)kld["max_kld"]!);
        Assert.InRange((double)kld["same_top"]!, 0.9, 1);
        var perplexity = Parse(await Cli.RunAsync("perplexity", "--text", text, "--chunk", "64", "--json", "--exact"));
        Assert.Equal((double)kld["base_perplexity"]!, (double)perplexity["perplexity"]!, 1e-9);
        Assert.Equal((int)kld["positions"]!, (int)perplexity["positions"]!);
        Assert.Equal((int)kld["windows"]! * 31, (int)kld["positions"]!);
    }

    [Fact]
    public async Task A_window_longer_than_the_text_is_one_line_and_code_2()
    {
        var outcome = await Cli.RunAsync("perplexity", "--text", text, "--chunk", "2048");
        Assert.Equal(2, outcome.Code);
        Assert.Contains("take a longer text or a shorter window", outcome.Error);
    }

    static JsonObject Parse(Outcome outcome)
    {
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        return JsonNode.Parse(outcome.Out)!.AsObject();
    }
}
