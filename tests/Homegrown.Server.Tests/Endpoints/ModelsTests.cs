namespace Homegrown.Server.Tests.Endpoints;

public sealed class ModelsTests
{
    const string Entry = """{"id":"maker/tiny model","created":1700000000,"context_length":256,"object":"model","owned_by":"homegrown"}""";

    [Fact]
    public async Task The_list_names_every_model()
    {
        await using var server = await TestServer.StartAsync(new ScriptedModel { Id = "maker/tiny model" });
        Assert.Equal($$"""{"data":[{{Entry}}],"object":"list"}""", (await server.Client.GetAsync("/v1/models").JsonAsync()).ToJsonString());
    }

    [Theory]
    [InlineData("/v1/models/maker/tiny%20model")]
    [InlineData("/v1/models/maker%2Ftiny%20model")]
    public async Task A_model_is_found_by_an_id_with_slashes(string path)
    {
        await using var server = await TestServer.StartAsync(new ScriptedModel { Id = "maker/tiny model" });
        Assert.Equal(Entry, (await server.Client.GetAsync(path).JsonAsync()).ToJsonString());
    }

    [Theory]
    [InlineData("/health")]
    [InlineData("/v1/health")]
    public async Task Health_says_ok(string path)
    {
        await using var server = await TestServer.StartAsync();
        Assert.Equal("""{"status":"ok"}""", (await server.Client.GetAsync(path).JsonAsync()).ToJsonString());
        using var head = new HttpRequestMessage(HttpMethod.Head, path);
        Assert.True((await server.Client.SendAsync(head)).IsSuccessStatusCode);
    }
}
