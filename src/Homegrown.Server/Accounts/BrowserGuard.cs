using System.Net;
using Homegrown.Server.Wire;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;

namespace Homegrown.Server.Accounts;

/// <summary>
/// Keeps web pages from elsewhere away from a model that asks for no key. A browser sends such a page's Origin along, so other
/// origins are refused; a page whose host name was pointed at this machine (DNS rebinding) has our origin in the browser's eyes
/// but its own name in Host, so on loopback only names of this machine are served. Programs send no Origin and are not concerned.
/// With a key neither check is needed: the page would have to know it.
/// </summary>
sealed class BrowserGuard
{
    readonly ServerOptions options;
    readonly bool checksOrigin, checksHost;

    /// <exception cref="ArgumentException">The host is no address, or would serve strangers without a key.</exception>
    public BrowserGuard(ServerOptions options)
    {
        this.options = options;
        var hasKey = options.ApiKeys.Count > 0;
        var loopback = options.Host == "localhost" || (options.Host != "*" && IPAddress.IsLoopback(Address(options.Host)));
        if (options.ApiKeys.Any(string.IsNullOrWhiteSpace)) throw new ArgumentException("An API key is empty: give one, or none at all.", nameof(options));
        if (!hasKey && !loopback && !options.AllowWithoutKey)
            throw new ArgumentException($"Host '{options.Host}' can be reached from other machines: give an API key, or allow requests without one.",
                nameof(options));
        if (!hasKey && options.AllowedOrigins.Contains("*"))
            throw new ArgumentException("Pages of any origin may call only a server that asks for a key: give an API key, or name the origins.",
                nameof(options));
        (checksOrigin, checksHost) = (!hasKey, !hasKey && loopback);
    }

    /// <summary>CORS: what browsers let pages of the allowed origins do.</summary>
    public void Allow(CorsPolicyBuilder policy) =>
        policy.WithOrigins([.. options.AllowedOrigins]).AllowAnyHeader().WithMethods("GET", "POST").WithExposedHeaders("x-request-id");

    public Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        var host = http.Request.Host;
        if (checksHost && !IsThisMachine(host.Host))
            throw Refusal($"Host '{host.Value}' is not a name of this machine: without an API key only localhost, 127.0.0.1 and [::1] are served.");
        var origin = http.Request.Headers.Origin.ToString();
        if (checksOrigin && origin.Length > 0 && !IsAllowed(origin, host))
            throw Refusal($"Pages of '{origin}' may not use this server: allow the origin, or set an API key.");
        return next(http);
    }

    // Another port of this machine is a program that the user started here, so it may ask; it reads the reply only if allowed.
    bool IsAllowed(string origin, HostString host) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
        && (uri.Authority == host.Value || IsThisMachine(uri.IdnHost) || options.AllowedOrigins.Contains(origin));

    static bool IsThisMachine(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));

    static IPAddress Address(string host) => IPAddress.TryParse(host, out var address) ? address
        : throw new ArgumentException($"Host '{host}' is not an address: use localhost, an IP address of this machine, or * for all.", nameof(host));

    static ApiException Refusal(string message) => new(403, message) { Code = "origin_not_allowed" };
}
