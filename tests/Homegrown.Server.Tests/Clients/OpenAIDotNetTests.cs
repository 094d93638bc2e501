using System.ClientModel;
using OpenAI;
using OpenAI.Chat;

namespace Homegrown.Server.Tests.Clients;

/// <summary>The official OpenAI package for .NET, unchanged, as a client.</summary>
public sealed class OpenAIDotNetTests
{
    static OpenAIClient Connect(TestServer server, string key = "sk-any") =>
        new(new ApiKeyCredential(key), new OpenAIClientOptions { Endpoint = new Uri(server.Url + "/v1"), RetryPolicy = new System.ClientModel.Primitives.ClientRetryPolicy(0) });

    [Fact]
    public async Task It_chats()
    {
        await using var server = await TestServer.StartAsync();
        ChatCompletion answer = await Connect(server).GetChatClient("scripted").CompleteChatAsync(
            [new SystemChatMessage("Be brief."), new UserChatMessage("What is the capital of France?")],
            new ChatCompletionOptions { Temperature = 0, MaxOutputTokenCount = 50, StopSequences = { "\n" } });
        Assert.Equal("The capital of France is Paris.", answer.Content[0].Text);
        Assert.Equal((ChatFinishReason.Stop, ChatMessageRole.Assistant), (answer.FinishReason, answer.Role));
        Assert.Equal(answer.Usage.TotalTokenCount, answer.Usage.InputTokenCount + answer.Usage.OutputTokenCount);
        Assert.Equal(7, answer.Usage.OutputTokenCount);
    }

    [Fact]
    public async Task It_streams()
    {
        await using var server = await TestServer.StartAsync();
        var (text, finish, usage, pieces) = ("", (ChatFinishReason?)null, (ChatTokenUsage?)null, 0);
        await foreach (var update in Connect(server).GetChatClient("scripted").CompleteChatStreamingAsync(new UserChatMessage("Hello")))
        {
            text += string.Concat(update.ContentUpdate.Select(c => c.Text));
            (finish, usage, pieces) = (update.FinishReason ?? finish, update.Usage ?? usage, pieces + 1);
        }
        Assert.Equal("The capital of France is Paris.", text);
        Assert.Equal(ChatFinishReason.Stop, finish);
        Assert.Equal(7, usage!.OutputTokenCount);
        Assert.Equal(10, pieces);                                                // role, seven tokens, reason, usage
    }

    [Fact]
    public async Task It_reads_log_probabilities()
    {
        await using var server = await TestServer.StartAsync();
        ChatCompletion answer = await Connect(server).GetChatClient("scripted").CompleteChatAsync(
            [new UserChatMessage("Hello")], new ChatCompletionOptions { IncludeLogProbabilities = true, TopLogProbabilityCount = 2 });
        Assert.Equal(["The", " capital", " of", " France", " is", " Paris", "."], answer.ContentTokenLogProbabilities.Select(t => t.Token));
        Assert.All(answer.ContentTokenLogProbabilities, t => Assert.Equal((-0.25f, 2), (t.LogProbability, t.TopLogProbabilities.Count)));
    }

    [Fact]
    public async Task It_lists_the_models()
    {
        await using var server = await TestServer.StartAsync(new ScriptedModel { Id = "maker/tiny" });
        var models = Connect(server).GetOpenAIModelClient();
        Assert.Equal("maker/tiny", Assert.Single((await models.GetModelsAsync()).Value).Id);
        Assert.Equal("homegrown", (await models.GetModelAsync("maker/tiny")).Value.OwnedBy);
    }

    [Fact]
    public async Task It_sees_our_errors_by_status()
    {
        await using var server = await TestServer.StartAsync(new ScriptedModel(), new ServerOptions { ApiKeys = ["right"] });
        var wrongKey = await Assert.ThrowsAsync<ClientResultException>(() => Connect(server, "wrong").GetChatClient("scripted").CompleteChatAsync("Hello"));
        Assert.Equal(401, wrongKey.Status);
        var wrongModel = await Assert.ThrowsAsync<ClientResultException>(() => Connect(server, "right").GetChatClient("other").CompleteChatAsync("Hello"));
        Assert.Equal(404, wrongModel.Status);
        Assert.Contains("model_not_found", wrongModel.Message, StringComparison.Ordinal);
    }
}
