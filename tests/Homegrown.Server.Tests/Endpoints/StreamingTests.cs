using System.Text;
using Microsoft.Extensions.Time.Testing;

namespace Homegrown.Server.Tests.Endpoints;

public sealed class StreamingTests
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Tokens_leave_one_by_one_while_the_model_still_works()
    {
        var steps = new SemaphoreSlim(0);
        await using var server = await TestServer.StartAsync(new ScriptedModel("Hello world") { BeforeToken = (_, c) => steps.WaitAsync(c) });
        using var stream = await OpenAsync(server);
        steps.Release();
        Assert.Contains("assistant", await stream.NextAsync(), StringComparison.Ordinal);
        Assert.Contains("\"Hello\"", await stream.NextAsync(), StringComparison.Ordinal);
        steps.Release(2);
        Assert.Contains("\" world\"", await stream.NextAsync(), StringComparison.Ordinal);
        Assert.Contains("\"stop\"", await stream.NextAsync(), StringComparison.Ordinal);
        Assert.Equal("data: [DONE]", await stream.NextAsync());
    }

    [Fact]
    public async Task A_silent_stream_sends_comments_at_every_interval()
    {
        var time = new FakeTimeProvider();
        var go = new TaskCompletionSource();
        await using var server = await TestServer.StartAsync(
            new ScriptedModel { BeforeToken = (_, _) => go.Task }, new ServerOptions { Time = time, PingInterval = TimeSpan.FromSeconds(15) });
        using var stream = await OpenAsync(server);
        for (var i = 0; i < 2; i++)
        {
            time.Advance(TimeSpan.FromSeconds(15));
            Assert.Equal(": ping", await stream.NextAsync());
        }
        go.SetResult();
        Assert.StartsWith("data: {", await stream.NextAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_hangs_up_stops_the_work(bool stream)
    {
        var begun = new TaskCompletionSource();
        var model = new ScriptedModel
        {
            BeforeToken = (i, c) =>
            {
                if (i < 2) return Task.CompletedTask;
                begun.TrySetResult();
                return Task.Delay(Timeout.Infinite, c);
            },
        };
        await using var server = await TestServer.StartAsync(model);
        using var hangUp = new CancellationTokenSource();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = Chat(stream) };
        var reply = server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, hangUp.Token);
        await begun.Task.WaitAsync(Patience);
        if (stream) (await reply).Dispose();
        else await hangUp.CancelAsync();
        await model.Cancelled.Task.WaitAsync(Patience);
        Assert.Equal("Healthy again: ok", $"Healthy again: {(await server.Client.GetAsync("/health").JsonAsync()).Text("status")}");
    }

    [Fact]
    public async Task A_failure_after_the_headers_is_an_event_and_the_end()
    {
        await using var server = await TestServer.StartAsync(new ScriptedModel { BeforeToken = (i, _) => i == 1 ? throw new InvalidOperationException("secret inside") : Task.CompletedTask });
        using var reply = await server.ChatAsync("\"stream\":true");
        var events = (await reply.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains("\"The\"", events[^2], StringComparison.Ordinal);
        Assert.StartsWith("data: {\"error\":{\"message\":\"The server failed to answer; its log tells why (req_", events[^1], StringComparison.Ordinal);
        Assert.EndsWith("\"type\":\"server_error\",\"param\":null,\"code\":null}}", events[^1], StringComparison.Ordinal);
        Assert.DoesNotContain("secret", events[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_stops_ends_its_streams_with_an_error()
    {
        await using var server = await TestServer.StartAsync(new ScriptedModel { BeforeToken = (i, c) => i == 0 ? Task.CompletedTask : Task.Delay(Timeout.Infinite, c) });
        using var stream = await OpenAsync(server);
        await stream.NextAsync();
        await stream.NextAsync();
        await server.StopAsync();
        Assert.Contains("\"shutting_down\"", await stream.NextAsync(), StringComparison.Ordinal);
        Assert.Null(await stream.NextAsync());
    }

    [Fact]
    public async Task A_server_that_stops_tells_whole_requests_to_come_back()
    {
        var begun = new TaskCompletionSource();
        await using var server = await TestServer.StartAsync(new ScriptedModel
        {
            BeforeToken = (_, c) =>
            {
                begun.TrySetResult();
                return Task.Delay(Timeout.Infinite, c);
            },
        });
        var reply = server.ChatAsync();
        await begun.Task.WaitAsync(Patience);
        await server.StopAsync();
        Assert.Equal("shutting_down", (await reply.ErrorAsync(503)).Text("code"));
    }

    static StringContent Chat(bool stream) => new(
        $$"""{"messages":[{"role":"user","content":"Hello"}],"stream":{{(stream ? "true" : "false")}}}""", Encoding.UTF8, "application/json");

    static async Task<EventReader> OpenAsync(TestServer server)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = Chat(true) };
        var reply = await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).WaitAsync(Patience);
        return new EventReader(reply, new StreamReader(await reply.Content.ReadAsStreamAsync()));
    }

    sealed record EventReader(HttpResponseMessage Reply, StreamReader Lines) : IDisposable
    {
        /// <summary>The next event or comment; null at the end.</summary>
        public async Task<string?> NextAsync()
        {
            var line = await Lines.ReadLineAsync().WaitAsync(Patience);
            if (line is not null) Assert.Equal("", await Lines.ReadLineAsync().WaitAsync(Patience));
            return line;
        }

        public void Dispose()
        {
            Lines.Dispose();
            Reply.Dispose();
        }
    }
}
