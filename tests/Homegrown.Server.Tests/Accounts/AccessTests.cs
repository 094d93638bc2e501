using System.Net;

namespace Homegrown.Server.Tests.Accounts;

public sealed class AccessTests
{
    static readonly ServerOptions WithKeys = new() { ApiKeys = ["first-key", "second-key"] };

    [Theory]
    [InlineData("Authorization", "Bearer first-key")]
    [InlineData("Authorization", "bearer second-key")]
    [InlineData("x-api-key", "second-key")]
    public async Task Any_of_the_keys_opens_the_API_in_either_header(string header, string value)
    {
        await using var server = await TestServer.StartAsync(new ScriptedModel(), WithKeys);
        await GetAsync(server, "/v1/models", (header, value)).JsonAsync();
    }

    [Theory]
    [InlineData("Authorization", "Bearer wrong")]
    [InlineData("Authorization", "Bearer first-keyy")]
    [InlineData("Authorization", "Basic first-key")]
    [InlineData("x-api-key", "wrong")]
    [InlineData("x-other", "first-key")]
    public async Task Without_a_right_key_the_API_answers_401(string header, string value)
    {
        await using var server = await TestServer.StartAsync(new ScriptedModel(), WithKeys);
        var error = await GetAsync(server, "/v1/models", (header, value)).ErrorAsync(401);
        Assert.Equal(("authentication_error", "invalid_api_key"), (error.Text("type"), error.Text("code")));
        Assert.DoesNotContain("first-key", error.Text("message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_and_health_need_no_key()
    {
        await using var server = await TestServer.StartAsync(new ScriptedModel(), WithKeys);
        foreach (var path in new[] { "/", "/health", "/v1/health" }) Assert.Equal(HttpStatusCode.OK, (await server.Client.GetAsync(path)).StatusCode);
    }

    [Theory]
    [InlineData("evil.example", null, false)]
    [InlineData("evil.example:8080", "http://evil.example:8080", false)]
    [InlineData("localhost.evil.example", null, false)]
    [InlineData("192.168.1.5", null, false)]
    [InlineData("localhost:99", null, true)]
    [InlineData("app.localhost", null, true)]
    [InlineData("127.0.0.2", null, true)]
    [InlineData("[::1]:80", null, true)]
    [InlineData(null, "https://evil.example", false)]
    [InlineData(null, "null", false)]
    [InlineData(null, "file://", false)]
    [InlineData(null, "http://localhost.evil.example", false)]
    [InlineData(null, "http://localhost:3000", true)]
    [InlineData(null, "http://[::1]:3000", true)]
    [InlineData(null, "https://friend.example", true)]
    public async Task Without_a_key_pages_and_names_from_elsewhere_are_turned_away(string? host, string? origin, bool served)
    {
        await using var server = await TestServer.StartAsync(new ScriptedModel(), new ServerOptions { AllowedOrigins = ["https://friend.example"] });
        var reply = GetAsync(server, "/v1/models", ("Host", host), ("Origin", origin));
        if (served) await reply.JsonAsync();
        else Assert.Equal("origin_not_allowed", (await reply.ErrorAsync(403)).Text("code"));
    }

    [Fact]
    public async Task With_a_key_any_host_name_serves()
    {
        await using var server = await TestServer.StartAsync(new ScriptedModel(), WithKeys);
        await GetAsync(server, "/v1/models", ("Host", "models.example"), ("Origin", "https://models.example"), ("x-api-key", "first-key")).JsonAsync();
    }

    [Fact]
    public async Task No_reply_invites_other_origins_unless_they_are_named()
    {
        await using var server = await TestServer.StartAsync();
        var reply = await GetAsync(server, "/v1/models", ("Origin", "http://localhost:3000"));
        Assert.False(reply.Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task A_named_origin_may_ask_first_and_then_call()
    {
        await using var server = await TestServer.StartAsync(new ScriptedModel(), WithKeys with { AllowedOrigins = ["https://friend.example"] });
        using var preflight = new HttpRequestMessage(HttpMethod.Options, "/v1/chat/completions")
        {
            Headers = { { "Origin", "https://friend.example" }, { "Access-Control-Request-Method", "POST" }, { "Access-Control-Request-Headers", "authorization,content-type" } },
        };
        var allowed = await server.Client.SendAsync(preflight);
        Assert.Equal(HttpStatusCode.NoContent, allowed.StatusCode);
        Assert.Equal("https://friend.example", Assert.Single(allowed.Headers.GetValues("Access-Control-Allow-Origin")));
        Assert.Contains("authorization", string.Join(',', allowed.Headers.GetValues("Access-Control-Allow-Headers")), StringComparison.Ordinal);
        var reply = await GetAsync(server, "/v1/models", ("Origin", "https://friend.example"), ("x-api-key", "first-key"));
        Assert.Equal("https://friend.example", Assert.Single(reply.Headers.GetValues("Access-Control-Allow-Origin")));
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("*")]
    [InlineData("::")]
    public async Task Other_machines_are_served_only_with_a_key_or_by_an_explicit_word(string host)
    {
        var options = new ServerOptions { Host = host, Port = 0 };
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => HomegrownServer.StartAsync(options, [new ScriptedModel()]));
        Assert.Contains("API key", refused.Message, StringComparison.Ordinal);
        await using var server = await HomegrownServer.StartAsync(options with { AllowWithoutKey = true }, [new ScriptedModel()]);
        Assert.StartsWith("http://", server.Url, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Options_that_cannot_be_meant_are_refused()
    {
        foreach (var options in new ServerOptions[] { new() { Host = "not an address" }, new() { ApiKeys = [" "] }, new() { AllowedOrigins = ["*"] } })
            await Assert.ThrowsAsync<ArgumentException>(() => HomegrownServer.StartAsync(options with { Port = 0 }, [new ScriptedModel()]));
        await Assert.ThrowsAsync<ArgumentException>(() => HomegrownServer.StartAsync(new ServerOptions { Port = 0 }, [new ScriptedModel(), new ScriptedModel()]));
    }

    [Fact]
    public async Task An_address_that_is_taken_is_said()
    {
        await using var first = await TestServer.StartAsync();
        var taken = new ServerOptions { Host = "127.0.0.1", Port = new Uri(first.Url).Port };
        await Assert.ThrowsAsync<IOException>(() => HomegrownServer.StartAsync(taken, [new ScriptedModel()]));
    }

    static async Task<HttpResponseMessage> GetAsync(TestServer server, string path, params (string Name, string? Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var (name, value) in headers) if (value is not null) request.Headers.TryAddWithoutValidation(name, value);
        return await server.Client.SendAsync(request);
    }
}
