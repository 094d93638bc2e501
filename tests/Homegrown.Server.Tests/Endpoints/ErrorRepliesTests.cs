using System.Net.Http.Headers;
using System.Text;

namespace Homegrown.Server.Tests.Endpoints;

public sealed class ErrorRepliesTests
{
    [Theory]
    [InlineData("GET", "/v1/nothing", 404, "unknown_url")]
    [InlineData("POST", "/v1/embedding", 404, "unknown_url")]
    [InlineData("GET", "/v1/chat/completions", 405, "method_not_allowed")]
    [InlineData("DELETE", "/v1/models", 405, "method_not_allowed")]
    [InlineData("GET", "/ui/nothing.js", 404, "unknown_url")]
    [InlineData("GET", "/v1/models/no/such", 404, "model_not_found")]
    public async Task A_wrong_address_is_an_error_in_the_same_shape(string method, string path, int status, string code)
    {
        await using var server = await TestServer.StartAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        var reply = await server.Client.SendAsync(request);
        Assert.StartsWith("req_", Assert.Single(reply.Headers.GetValues("x-request-id")), StringComparison.Ordinal);
        Assert.Equal(code, (await Task.FromResult(reply).ErrorAsync(status)).Text("code"));
    }

    [Fact]
    public async Task Every_reply_has_a_request_id_of_its_own()
    {
        await using var server = await TestServer.StartAsync();
        var ids = new HashSet<string>();
        foreach (var reply in new[] { await server.ChatAsync(), await server.ChatAsync("\"stream\":true"), await server.ChatAsync("\"n\":0"), await server.Client.GetAsync("/") })
            Assert.True(ids.Add(Assert.Single(reply.Headers.GetValues("x-request-id"))));
    }

    [Theory]
    [InlineData("{\"messages\":[\n  {]}", "line 2, byte 4")]
    [InlineData("{", "line 1, byte 2")]
    [InlineData("", "line 1, byte 1")]
    [InlineData("{\"n\":1,\n\"n\":2}", "twice, at line")]
    [InlineData("[1]", "array")]
    [InlineData("null", "null")]
    [InlineData("{\"messages\":[{\"role\":\"user\",\n\"content\":\"\\ud800\"}]}", "surrogate pair (\\ud800 to \\udfff) in the text at line 2, byte 11")]
    public async Task A_malformed_body_is_told_where(string body, string where)
    {
        await using var server = await TestServer.StartAsync();
        var error = await server.PostAsync("/v1/chat/completions", body).ErrorAsync(400);
        Assert.Contains(where, error.Text("message"), StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Text("message"));
    }

    [Fact]
    public async Task A_body_that_nests_too_deep_is_refused_and_not_followed()
    {
        await using var server = await TestServer.StartAsync();
        var deep = new string('[', 100_000);
        await server.PostAsync("/v1/chat/completions", $$"""{"messages":{{deep}}""").ErrorAsync(400);
    }

    [Fact]
    public async Task Bytes_that_are_no_text_are_refused()
    {
        await using var server = await TestServer.StartAsync();
        var content = new ByteArrayContent([.. "{\"model\":\""u8, 0xff, .. "\"}"u8]);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        Assert.Contains("UTF-8", (await server.Client.PostAsync("/v1/completions", content).ErrorAsync(400)).Text("message"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData(null)]
    public async Task Another_content_type_is_a_415(string? type)
    {
        await using var server = await TestServer.StartAsync();
        var content = new ByteArrayContent([.. "{}"u8]);
        content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
        await server.Client.PostAsync("/v1/chat/completions", content).ErrorAsync(415);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_beyond_the_limit_is_a_413(bool lengthKnown)
    {
        await using var server = await TestServer.StartAsync(new ScriptedModel(), new ServerOptions { MaxBodyBytes = 1000 });
        var bytes = Encoding.UTF8.GetBytes($$"""{"messages":[{"role":"user","content":"{{new string('x', 2000)}}"}]}""");
        using HttpContent content = lengthKnown ? new ByteArrayContent(bytes) : new StreamContent(new Unseekable(bytes));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        await server.Client.PostAsync("/v1/chat/completions", content).ErrorAsync(413);
    }

    [Fact]
    public async Task An_exception_inside_is_a_500_without_its_words()
    {
        await using var server = await TestServer.StartAsync(new ScriptedModel { BeforeToken = (_, _) => throw new InvalidOperationException("secret inside") });
        var error = await server.ChatAsync().ErrorAsync(500);
        Assert.Equal("server_error", error.Text("type"));
        Assert.DoesNotContain("secret", error.Text("message"), StringComparison.Ordinal);
        await server.ChatAsync("\"stream\":true").ErrorAsync(500);
    }

    sealed class Unseekable(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
