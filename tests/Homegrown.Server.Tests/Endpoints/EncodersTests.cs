using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Homegrown.Engine;
using Homegrown.Server.Gateway;
using Homegrown.Testing;
using OpenAI.Embeddings;

namespace Homegrown.Server.Tests.Endpoints;

/// <summary>/v1/embeddings, /v1/rerank and the counting of tokens, on small models of the fixtures.</summary>
public sealed class EncodersTests
{
    static readonly string[] texts = ["Tomatoes grow in the garden.", "北京的天气很好。"];

    [Fact]
    public async Task Vectors_are_the_models_own_as_numbers_and_in_base64()
    {
        using var model = EmbeddingModel.Load(Repository.Shared("embeddings", "minilm"));
        await using var server = await TestServer.StartAsync(new ScriptedModel(), others: [Served.Of(model)]);
        var expected = model.Embed(texts);
        foreach (var (format, read) in (IEnumerable<(string, Func<JsonNode, float[]>)>)[
            ("float", node => [.. node.AsArray().Select(number => (float)number!)]),
            ("base64", node => MemoryMarshal.Cast<byte, float>(Convert.FromBase64String((string)node!)).ToArray())])
        {
            var reply = await server.PostAsync("/v1/embeddings", $$"""{"input":["{{texts[0]}}","{{texts[1]}}"],"encoding_format":"{{format}}"}""").JsonAsync();
            Assert.Equal(("list", "minilm"), ((string)reply["object"]!, (string)reply["model"]!));
            for (var i = 0; i < texts.Length; i++)
            {
                Assert.Equal(i, (int)reply["data"]![i]!["index"]!);
                Assert.Equal(expected[i].Vector, read(reply["data"]![i]!["embedding"]!));
            }

            Assert.Equal(expected.Sum(one => one.Tokens), (int)reply["usage"]!["prompt_tokens"]!);
        }
    }

    [Fact]
    public async Task The_official_package_reads_them()
    {
        using var model = EmbeddingModel.Load(Repository.Shared("embeddings", "minilm"));
        await using var server = await TestServer.StartAsync(new ScriptedModel(), others: [Served.Of(model)]);
        var client = new EmbeddingClient("minilm", new System.ClientModel.ApiKeyCredential("none"), new OpenAI.OpenAIClientOptions { Endpoint = new Uri(server.Url + "/v1") });
        var vectors = (await client.GenerateEmbeddingsAsync(texts, new() { Dimensions = 8 })).Value;
        Assert.Equal(model.Embed(texts, new() { Dimensions = 8 }).Select(one => one.Vector), vectors.Select(one => one.ToFloats().ToArray()));
    }

    [Fact]
    public async Task Documents_come_back_the_best_first()
    {
        using var model = RerankModel.Load(Repository.Shared("embeddings", "reranker-bert"));
        await using var server = await TestServer.StartAsync(new ScriptedModel(), others: [Served.Of(model)]);
        string[] documents = ["one", "two tomatoes", "three", "four and more"];
        var expected = model.Score("tomatoes", documents).OrderByDescending(score => score.Score).ToList();
        var reply = await server.PostAsync("/v1/rerank", """{"query":"tomatoes","documents":["one",{"text":"two tomatoes"},"three","four and more"],"top_n":3,"return_documents":true}""").JsonAsync();
        Assert.Equal(expected.Take(3).Select(score => (score.Index, score.Score)), reply["results"]!.AsArray().Select(result => ((int)result!["index"]!, (float)result["relevance_score"]!)));
        Assert.Equal(documents[expected[0].Index], (string)reply["results"]![0]!["document"]!["text"]!);
    }

    [Theory]
    [InlineData("/v1/embeddings", """{"input":"x","model":"scripted"}""", 400, "generates text")]
    [InlineData("/v1/embeddings", """{"input":[1,2]}""", 400, "send texts")]
    [InlineData("/v1/embeddings", """{"input":[]}""", 400, "is empty")]
    [InlineData("/v1/embeddings", """{"input":"x","dimensions":100000}""", 400, "dimensions")]
    [InlineData("/v1/embeddings", """{"input":"x","encoding_format":"int8"}""", 400, "'float' and 'base64'")]
    [InlineData("/v1/embeddings", """{"input":"x","model":"other"}""", 404, "Available: 'minilm'")]
    [InlineData("/v1/chat/completions", """{"messages":[{"role":"user","content":"x"}],"model":"minilm"}""", 400, "makes vectors")]
    [InlineData("/v1/rerank", """{"query":"x","documents":["y"]}""", 404, "No model here scores documents")]
    public async Task What_cannot_be_done_is_said(string path, string body, int status, string problem)
    {
        using var model = EmbeddingModel.Load(Repository.Shared("embeddings", "minilm"));
        await using var server = await TestServer.StartAsync(new ScriptedModel(), others: [Served.Of(model)]);
        Assert.Contains(problem, (string)(await server.PostAsync(path, body).ErrorAsync(status))["message"]!);
    }

    [Fact]
    public async Task A_text_that_is_too_long_is_an_error_with_the_counts_unless_it_may_be_cut()
    {
        using var model = EmbeddingModel.Load(Repository.Shared("embeddings", "minilm"));
        await using var server = await TestServer.StartAsync(new ScriptedModel(), others: [Served.Of(model)]);
        var text = string.Join(' ', Enumerable.Repeat("tomatoes", 200));
        Assert.Contains("the model reads 128", (string)(await server.PostAsync("/v1/embeddings", $$"""{"input":"{{text}}"}""").ErrorAsync(400))["message"]!);
        Assert.Equal(128, (int)(await server.PostAsync("/v1/embeddings", $$"""{"input":"{{text}}","truncate":true}""").JsonAsync())["usage"]!["prompt_tokens"]!);
    }

    [Fact]
    public async Task Texts_and_conversations_are_counted_and_ids_become_text_again()
    {
        using var model = LocalModel.Load(Repository.Model, new() { ContextLength = 256 });
        await using var server = await HomegrownServer.StartAsync(new() { Host = "127.0.0.1", Port = 0 }, model);
        using var client = new HttpClient { BaseAddress = new Uri(server.Url) };
        async Task<JsonNode> Post(string path, string body) => JsonNode.Parse(await (await client.PostAsync(path, new StringContent(body, null, "application/json"))).Content.ReadAsStringAsync())!;
        var tokens = await Post("/tokenize", """{"content":"Hello 北京","with_pieces":true}""");
        Assert.Equal(model.Tokenizer.Encode("Hello 北京", addSpecial: false), tokens["tokens"]!.AsArray().Select(id => (int)id!));
        Assert.Equal((256, tokens["tokens"]!.AsArray().Count), ((int)tokens["max_model_len"]!, (int)tokens["count"]!));
        Assert.Equal("Hello 北京", (string)(await Post("/detokenize", $$"""{"tokens":{{tokens["tokens"]!.ToJsonString()}}}"""))["content"]!);
        var conversation = await Post("/tokenize", """{"messages":[{"role":"user","content":"Hello"}]}""");
        Assert.True((int)conversation["count"]! > 5);
    }
}
