using System.Net;

namespace Homegrown.Server.Tests.Ui;

public sealed class PageFilesTests
{
    [Theory]
    [InlineData("/", "text/html; charset=utf-8")]
    [InlineData("/ui/page.css", "text/css; charset=utf-8")]
    [InlineData("/ui/page.js", "text/javascript; charset=utf-8")]
    [InlineData("/ui/icon.svg", "image/svg+xml")]
    public async Task Every_file_has_its_type_a_strict_policy_and_a_tag(string path, string type)
    {
        await using var server = await TestServer.StartAsync();
        var reply = await server.Client.GetAsync(path);
        Assert.Equal(type, reply.Content.Headers.ContentType?.ToString());
        Assert.StartsWith("default-src 'none'; script-src 'self'; style-src 'self';", Assert.Single(reply.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        Assert.Equal("nosniff", Assert.Single(reply.Headers.GetValues("X-Content-Type-Options")));
        using var again = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { IfNoneMatch = { reply.Headers.ETag! } } };
        Assert.Equal(HttpStatusCode.NotModified, (await server.Client.SendAsync(again)).StatusCode);
    }

    [Fact]
    public async Task The_page_names_nothing_outside_and_runs_no_inline_script()
    {
        await using var server = await TestServer.StartAsync();
        var page = await server.Client.GetStringAsync("/");
        Assert.DoesNotContain("http://", page.Replace("http://www.w3.org/", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.DoesNotContain("https://", page, StringComparison.Ordinal);
        Assert.DoesNotMatch("<script(?![^>]* src=)|<style| style=| on[a-z]+=", page);
    }
}
