using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Homegrown.Server.Gateway;

namespace Homegrown.Server.Tests;

/// <summary>A real server on a free loopback port, and a client for it.</summary>
sealed class TestServer : IAsyncDisposable
{
    readonly HomegrownServer server;

    TestServer(HomegrownServer server)
    {
        this.server = server;
        Client = new HttpClient { BaseAddress = new Uri(server.Url) };
    }

    public HttpClient Client { get; }

    public string Url => server.Url;

    public static Task<TestServer> StartAsync() => StartAsync(new ScriptedModel());

    /// <param name="others">Models that are served besides.</param>
    public static async Task<TestServer> StartAsync(ScriptedModel model, ServerOptions? options = null, params IServed[] others) =>
        new(await HomegrownServer.StartAsync((options ?? new ServerOptions()) with { Host = "127.0.0.1", Port = 0 }, [model, .. others]));

    public Task StopAsync() => server.StopAsync();

    /// <summary>A chat request: one user message, and further fields.</summary>
    public Task<HttpResponseMessage> ChatAsync(string fields = "", string content = "Hello") =>
        PostAsync("/v1/chat/completions", $$"""{"messages":[{"role":"user","content":"{{content}}"}]{{(fields.Length > 0 ? "," + fields : "")}}}""");

    public Task<HttpResponseMessage> PostAsync(string path, string json) =>
        Client.PostAsync(path, new StringContent(json, Encoding.UTF8, "application/json"));

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await server.DisposeAsync();
    }
}

static class ReplyReading
{
    public static async Task<JsonNode> JsonAsync(this Task<HttpResponseMessage> reply, HttpStatusCode status = HttpStatusCode.OK)
    {
        using var r = await reply;
        var text = await r.Content.ReadAsStringAsync();
        Assert.True(status == r.StatusCode, $"{(int)r.StatusCode} {text}");
        Assert.Equal("application/json; charset=utf-8", r.Content.Headers.ContentType?.ToString());
        return JsonNode.Parse(text)!;
    }

    /// <summary>The error's body; every field of the shape is there.</summary>
    public static async Task<JsonNode> ErrorAsync(this Task<HttpResponseMessage> reply, int status)
    {
        var error = (await reply.JsonAsync((HttpStatusCode)status))["error"]!.AsObject();
        Assert.Equal(["message", "type", "param", "code"], error.Select(f => f.Key));
        Assert.DoesNotContain("   at ", error["message"]!.ToString(), StringComparison.Ordinal);
        return error;
    }

    /// <summary>The JSON of every event but [DONE].</summary>
    public static async Task<List<JsonNode>> EventsAsync(this Task<HttpResponseMessage> reply)
    {
        using var r = await reply;
        Assert.Equal(HttpStatusCode.OK, r.StatusCode);
        var text = await r.Content.ReadAsStringAsync();
        return [.. text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
            .Where(e => e.StartsWith("data: {", StringComparison.Ordinal)).Select(e => JsonNode.Parse(e["data: ".Length..])!)];
    }

    public static string Text(this JsonNode? node, string name) => node?[name]?.GetValue<JsonElement>().ToString() ?? "";
}
