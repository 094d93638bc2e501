using System.Text.Json.Nodes;
using Homegrown.Engine;
using Homegrown.Testing;

namespace Homegrown.Cli.Tests.Commands;

public sealed class EmbedTests : IDisposable
{
    readonly string file = Path.GetTempFileName();

    public void Dispose() => File.Delete(file);

    [Fact]
    public async Task Each_text_of_a_file_is_a_line_with_the_vector_of_the_library()
    {
        var folder = Repository.Shared("embeddings", "nomic");
        string[] texts = ["Tomatoes grow\nin the garden.", "", "模型"];
        File.WriteAllText(file, string.Join("\n---\n", texts) + "\n---\n");
        var outcome = await Cli.RunAsync("embed", folder, "--file", file, "--separator", "---", "--prompt", "document", "--dimensions", "8", "--exact", "--json");
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        using var model = EmbeddingModel.Load(folder, new() { Exact = true });
        var expected = model.Embed(texts, new() { Prompt = "document", Dimensions = 8 });
        var lines = outcome.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(expected.Select(one => one.Vector), lines.Select(line => JsonNode.Parse(line)!["embedding"]!.AsArray().Select(value => (float)value!).ToArray()));
    }

    [Fact]
    public async Task People_see_the_size_the_first_numbers_and_the_text()
    {
        var outcome = await Cli.RunAsync("embed", Repository.Shared("embeddings", "minilm"), "Tomatoes grow.");
        Assert.Matches(@"^ +32( [+-]0\.\d{4}){6} \.\.\.  Tomatoes grow\.\r?\n$", outcome.Out);
    }

    [Fact]
    public async Task A_text_that_is_too_long_is_an_error_unless_it_may_be_cut()
    {
        var (folder, text) = (Repository.Shared("embeddings", "minilm"), string.Join(' ', Enumerable.Repeat("tomatoes", 100)));
        var outcome = await Cli.RunAsync("embed", folder, text, "--json");
        Assert.Equal((ExitCode.Usage, ""), (outcome.Code, outcome.Out));
        Assert.Contains("the model reads 128", outcome.Error);
        Assert.Equal(0, (await Cli.RunAsync("embed", folder, text, "--json", "--truncate")).Code);
    }

    [Fact]
    public async Task Documents_come_with_their_scores_the_most_relevant_first()
    {
        var folder = Repository.Shared("embeddings", "reranker-bert");
        string[] documents = ["The train leaves at seven.", "She keeps a small garden where tomatoes grow.", "No."];
        File.WriteAllText(file, string.Join('\n', documents) + "\n");
        var outcome = await Cli.RunAsync("rerank", folder, "--query", "where do tomatoes grow", "--file", file, "--exact", "--json");
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        using var model = RerankModel.Load(folder, new() { Exact = true });
        var expected = model.Score("where do tomatoes grow", documents).OrderByDescending(score => score.Score).Select(score => (score.Index, score.Score));
        var lines = outcome.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!);
        Assert.Equal(expected, lines.Select(line => ((int)line["index"]!, (float)line["score"]!)));
    }

    [Fact]
    public async Task Documents_may_have_a_line_between_them()
    {
        File.WriteAllText(file, "a tomato\nred\n===\na train\n===\n");
        var outcome = await Cli.RunAsync("rerank", Repository.Shared("embeddings", "reranker-qwen3"), "--query", "food", "--instruction", "Find food", "--file", file, "--separator", "===");
        Assert.Equal(2, outcome.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Contains("a tomato red", outcome.Out);
    }

    [Fact]
    public async Task A_model_of_another_kind_is_an_error_that_says_what_serves()
        => Assert.Contains("'embed' makes vectors with it", (await Cli.RunAsync("rerank", Repository.Shared("embeddings", "bge"), "--query", "a", "--file", file)).Error);
}
