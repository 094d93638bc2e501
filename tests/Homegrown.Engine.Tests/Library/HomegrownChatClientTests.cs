using Homegrown.Engine.Library;
using Homegrown.Testing;
using Microsoft.Extensions.AI;

namespace Homegrown.Engine.Tests.Library;

public sealed class HomegrownChatClientTests : IClassFixture<HomegrownChatClientTests.Loaded>
{
    static readonly ChatOptions Greedy = new() { Temperature = 0, MaxOutputTokens = 30 };

    readonly LocalModel model;
    readonly HomegrownChatClient client;

    public HomegrownChatClientTests(Loaded loaded) => (model, client) = (loaded.Model, new HomegrownChatClient(loaded.Model));

    [Fact]
    public async Task It_answers_with_text_usage_and_reason()
    {
        var answer = await client.GetResponseAsync("What is the capital of France?", Greedy);
        Assert.Equal("The capital of France is Paris.", answer.Text);
        Assert.Equal(ChatFinishReason.Stop, answer.FinishReason);
        Assert.Equal(model.Id, answer.ModelId);
        var usage = answer.Usage!;
        Assert.Equal((37, 7), (usage.InputTokenCount, usage.OutputTokenCount));   // the end token is not part of the answer
        Assert.Equal(usage.InputTokenCount + usage.OutputTokenCount, usage.TotalTokenCount);
    }

    [Fact]
    public async Task The_stream_gives_the_same_in_pieces_of_one_message()
    {
        var updates = await client.GetStreamingResponseAsync("What is the capital of France?", Greedy).ToListAsync();
        Assert.True(updates.Count > 5);
        Assert.Single(updates.Select(u => u.MessageId).Distinct());
        Assert.Equal("The capital of France is Paris.", string.Concat(updates.Select(u => u.Text)));
    }

    [Fact]
    public async Task A_limit_and_a_stop_text_end_the_answer()
    {
        var cut = await client.GetResponseAsync("What is the capital of France?", new ChatOptions { Temperature = 0, MaxOutputTokens = 3 });
        Assert.Equal((ChatFinishReason.Length, 3), (cut.FinishReason, cut.Usage!.OutputTokenCount));
        var stopped = await client.GetResponseAsync("What is the capital of France?", new ChatOptions { Temperature = 0, StopSequences = [" is Par"] });
        Assert.Equal(("The capital of France", ChatFinishReason.Stop), (stopped.Text, stopped.FinishReason));
    }

    [Fact]
    public async Task Another_models_id_is_refused() =>
        await Assert.ThrowsAsync<NotSupportedException>(() => client.GetResponseAsync("Hi", new ChatOptions { ModelId = "another" }));

    [Fact]
    public async Task Cancelling_ends_the_stream()
    {
        using var source = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in client.GetStreamingResponseAsync("Tell me a story.", cancellationToken: source.Token)) await source.CancelAsync();
        });
    }

    [Fact]
    public void Its_services_are_itself_its_metadata_and_its_model()
    {
        Assert.Same(client, client.GetService(typeof(IChatClient)));
        Assert.Same(model, client.GetService(typeof(LocalModel)));
        Assert.Equal(model.Id, ((ChatClientMetadata)client.GetService(typeof(ChatClientMetadata))!).DefaultModelId);
        Assert.Null(client.GetService(typeof(string)));
        Assert.Null(client.GetService(typeof(IChatClient), "key"));
    }

    public sealed class Loaded : IDisposable
    {
        public LocalModel Model { get; } = LocalModel.Load(Repository.Model);

        public void Dispose() => Model.Dispose();
    }
}
