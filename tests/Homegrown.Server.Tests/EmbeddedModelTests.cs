using System.ClientModel;
using System.Text.Json.Nodes;
using Homegrown.Engine;
using Homegrown.Server.Tests.Clients;
using Homegrown.Server.Tests.Ui;
using Homegrown.Testing;
using OpenAI;
using OpenAI.Chat;
using static Microsoft.Playwright.Assertions;

namespace Homegrown.Server.Tests;

/// <summary>The whole house on real weights: the embedded model behind the server, with each kind of client.</summary>
public sealed class EmbeddedModelTests(EmbeddedModelTests.Served served, Chromium chromium) : IClassFixture<EmbeddedModelTests.Served>, IClassFixture<Chromium>
{
    const string Question = "What is the capital of France?", Answer = "The capital of France is Paris.";

    readonly ChatClient client = new OpenAIClient(new ApiKeyCredential("any"), new OpenAIClientOptions { Endpoint = new Uri(served.Url + "/v1") }).GetChatClient(served.Id);

    [Fact]
    public async Task The_capital_of_France_is_Paris_whole_and_streamed()
    {
        var options = new ChatCompletionOptions { Temperature = 0, IncludeLogProbabilities = true, TopLogProbabilityCount = 3 };
        ChatCompletion whole = await client.CompleteChatAsync([new UserChatMessage(Question)], options);
        Assert.Equal((Answer, ChatFinishReason.Stop), (whole.Content[0].Text, whole.FinishReason));
        Assert.Equal(whole.Usage.OutputTokenCount, whole.ContentTokenLogProbabilities.Count);
        Assert.Equal(Answer, string.Concat(whole.ContentTokenLogProbabilities.Select(t => t.Token)));
        Assert.All(whole.ContentTokenLogProbabilities, t => Assert.Equal(t.LogProbability, t.TopLogProbabilities.Max(top => top.LogProbability)));
        var streamed = "";
        await foreach (var update in client.CompleteChatStreamingAsync([new UserChatMessage(Question)], new ChatCompletionOptions { Temperature = 0 }))
            streamed += string.Concat(update.ContentUpdate.Select(c => c.Text));
        Assert.Equal(Answer, streamed);
    }

    [Fact]
    public async Task The_prompt_is_counted_as_the_reference_counts_it()
    {
        var golden = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "models", "smollm2-135m.golden.json")))!;
        foreach (var conversation in golden["conversations"]!.AsArray())
        {
            var reply = await PostAsync($$"""{"messages":{{conversation!["messages"]!.ToJsonString()}},"max_tokens":1}""").JsonAsync();
            Assert.Equal(conversation["prompt_ids"]!.AsArray().Count, (int)reply["usage"]!["prompt_tokens"]!);
        }
    }

    [Fact]
    public async Task A_seed_repeats_an_answer()
    {
        const string request = """{"messages":[{"role":"user","content":"Write a haiku."}],"max_tokens":12,"seed":7,"n":2}""";
        var (first, second) = (await PostAsync(request).JsonAsync(), await PostAsync(request).JsonAsync());
        Assert.Equal(first["choices"]!.ToJsonString(), second["choices"]!.ToJsonString());
    }

    [Fact]
    public async Task A_client_that_hangs_up_lets_the_next_one_in()
    {
        using var hangUp = new CancellationTokenSource();
        await using (var stream = client.CompleteChatStreamingAsync([new UserChatMessage("Count to ten thousand.")], new ChatCompletionOptions { MaxOutputTokenCount = 8000 }, hangUp.Token)
            .GetAsyncEnumerator(hangUp.Token))
        {
            Assert.True(await stream.MoveNextAsync());
            await hangUp.CancelAsync();
        }
        ChatCompletion next = await client.CompleteChatAsync([new UserChatMessage(Question)], new ChatCompletionOptions { Temperature = 0 }).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(Answer, next.Content[0].Text);
    }

    [Theory]
    [InlineData("""{"messages":[{"role":"user","content":"{long}"}]}""")]
    [InlineData("""{"messages":[{"role":"user","content":"{long}"}],"stream":true}""")]
    public async Task An_over_long_prompt_is_refused_with_the_models_context(string body)
    {
        var error = await PostAsync(body.Replace("{long}", string.Concat(Enumerable.Repeat("word ", 9000)), StringComparison.Ordinal)).ErrorAsync(400);
        Assert.Equal("context_length_exceeded", error.Text("code"));
        Assert.Contains("holds 8192", error.Text("message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_npm_package_talks_to_it()
    {
        var seen = await OpenAINpmTests.ClientAsync(served.Url, served.Id, "any");
        Assert.Equal((Answer, Answer), (seen.Text("whole"), seen.Text("streamed")));
    }

    [Fact]
    public async Task The_page_shows_its_answer()
    {
        var page = await chromium.OpenAsync(served.Url);
        await page.GetByRole(Microsoft.Playwright.AriaRole.Button, new() { Name = "Settings", Exact = true }).ClickAsync();
        await page.GetByLabel("Temperature").FillAsync("0");
        await page.Keyboard.PressAsync("Escape");
        await page.GetByRole(Microsoft.Playwright.AriaRole.Textbox, new() { Name = "Ask anything" }).FillAsync(Question);
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator(".message.assistant .body")).ToHaveTextAsync(Answer, new() { Timeout = 60_000 });
        await Expect(page.Locator(".message.assistant .foot-line")).ToContainTextAsync("tokens/s");
        await page.ScreenshotAsync(new() { Path = Path.Combine(Chromium.Screenshots, "embedded-model.png") });
        await page.Context.CloseAsync();
    }

    Task<HttpResponseMessage> PostAsync(string json) => served.Http.PostAsync("/v1/chat/completions", new StringContent(json, null, "application/json"));

    /// <summary>The embedded model, served once for all tests.</summary>
    public sealed class Served : IAsyncLifetime
    {
        LocalModel model = null!;
        HomegrownServer server = null!;

        public string Url => server.Url;

        public string Id => model.Id;

        public HttpClient Http { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            model = LocalModel.Load(Repository.Model);
            server = await HomegrownServer.StartAsync(new ServerOptions { Host = "127.0.0.1", Port = 0 }, model);
            Http = new HttpClient { BaseAddress = new Uri(server.Url) };
        }

        public async ValueTask DisposeAsync()
        {
            Http.Dispose();
            await server.DisposeAsync();
            model.Dispose();
        }
    }
}
