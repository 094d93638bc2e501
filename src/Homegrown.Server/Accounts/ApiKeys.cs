using System.Security.Cryptography;
using System.Text;
using Homegrown.Server.Endpoints;
using Homegrown.Server.Wire;
using Microsoft.AspNetCore.Http;

namespace Homegrown.Server.Accounts;

/// <summary>Asks for a key where the endpoint wants one: Authorization: Bearer, or x-api-key.</summary>
sealed class ApiKeys(IReadOnlyList<string> keys)
{
    // Digests have one length, so comparing them tells neither a key's content nor its length by time.
    readonly byte[][] digests = [.. keys.Select(Digest)];

    public Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        var endpoint = http.GetEndpoint()?.Metadata.GetMetadata<ApiEndpoint>();
        if (digests.Length > 0 && endpoint is { Open: false }) Check(http.Request.Headers);
        return next(http);
    }

    void Check(IHeaderDictionary headers)
    {
        const string bearer = "Bearer ";
        var authorization = headers.Authorization.ToString();
        var key = authorization.StartsWith(bearer, StringComparison.OrdinalIgnoreCase) ? authorization[bearer.Length..].Trim()
            : headers["x-api-key"].ToString();
        if (key.Length == 0)
            throw Refusal("This server asks for an API key. Send it as 'Authorization: Bearer KEY' or 'x-api-key: KEY'.");
        var digest = Digest(key);
        var known = false;
        foreach (var d in digests) known |= CryptographicOperations.FixedTimeEquals(d, digest);
        if (!known) throw Refusal("This API key is not one of this server's.");
    }

    static ApiException Refusal(string message) => new(401, message) { Type = "authentication_error", Code = "invalid_api_key" };

    static byte[] Digest(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
