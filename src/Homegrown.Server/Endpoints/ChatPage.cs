using System.Collections.Frozen;
using System.Reflection;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Primitives;

namespace Homegrown.Server.Endpoints;

/// <summary>
/// The chat page and its files (Ui/, embedded in this assembly). Its policy lets the page run its own files and talk to this
/// server, and nothing else: even text of a model that slipped through the page's care could not load or send anything.
/// </summary>
static class ChatPage
{
    const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    static readonly FrozenDictionary<string, Asset> Assets = Load();

    public static Task IndexAsync(HttpContext http, ApiService service) => SendAsync(http, "index.html");

    public static Task FileAsync(HttpContext http, ApiService service) => SendAsync(http, (string)http.GetRouteValue("file")!);

    static Task SendAsync(HttpContext http, string name)
    {
        var response = http.Response;
        if (!Assets.TryGetValue(name, out var asset))
        {
            response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }
        response.Headers.ContentSecurityPolicy = Policy;
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.Headers["X-Content-Type-Options"] = "nosniff";
        response.Headers.ETag = asset.ETag;
        response.Headers.CacheControl = "no-cache";                              // kept, and asked for anew: an update shows at once
        if (http.Request.Headers.IfNoneMatch.Contains<string?>(asset.ETag))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }
        response.ContentType = asset.ContentType;
        response.ContentLength = asset.Content.Length;
        return response.Body.WriteAsync(asset.Content, 0, asset.Content.Length);
    }

    static FrozenDictionary<string, Asset> Load()
    {
        const string folder = "Ui/";
        var assembly = Assembly.GetExecutingAssembly();
        return assembly.GetManifestResourceNames().Where(name => name.StartsWith(folder, StringComparison.Ordinal)).ToFrozenDictionary(
            name => name[folder.Length..],
            name =>
            {
                var content = new MemoryStream();
                assembly.GetManifestResourceStream(name)!.CopyTo(content);
                var bytes = content.ToArray();
                return new Asset(bytes, ContentType(name), $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 8))}\"");
            });
    }

    static string ContentType(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        var other => throw new NotSupportedException($"'{name}': no content type for '{other}'."),
    };

    sealed record Asset(byte[] Content, string ContentType, string ETag);
}
