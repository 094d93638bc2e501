using Microsoft.Extensions.Logging;

namespace Homegrown.Server;

/// <summary>Settings of a <see cref="HomegrownServer"/>.</summary>
public sealed record ServerOptions
{
    /// <summary>"localhost", an IP address of this machine, or "*" for all of them.</summary>
    public string Host { get; init; } = "localhost";

    /// <summary>TCP port; 0 takes a free one.</summary>
    public int Port { get; init; } = 8080;

    /// <summary>Any of these opens /v1, as a bearer token or x-api-key; without one, only this machine is served.</summary>
    public IReadOnlyList<string> ApiKeys { get; init; } = [];

    /// <summary>Serves other machines without a key: for networks where somebody else keeps the door.</summary>
    public bool AllowWithoutKey { get; init; }

    /// <summary>Web origins ("https://app.example") whose pages may call the API (CORS); "*" for any, which needs a key.</summary>
    public IReadOnlyList<string> AllowedOrigins { get; init; } = [];

    /// <summary>Longest request body, in bytes.</summary>
    public long MaxBodyBytes { get; init; } = 16 << 20;

    /// <summary>A stream that has been silent this long sends a comment, so that proxies and clients keep waiting.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a stopping server waits for replies to end.</summary>
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The clock of pings and timestamps.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Where unexpected exceptions are told; null tells nobody.</summary>
    public ILoggerFactory? Logs { get; init; }
}
