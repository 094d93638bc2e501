using Homegrown.Server.Gateway;
using Microsoft.AspNetCore.Http;

namespace Homegrown.Server.Endpoints;

/// <summary>What the endpoints share.</summary>
/// <param name="Stopping">The server is shutting down.</param>
sealed record ApiService(ServedModels Models, ServerOptions Options, ErrorReplies Errors, CancellationToken Stopping)
{
    /// <summary>Names what answers, for callers who compare seeded answers: they may differ between versions.</summary>
    public static readonly string SystemFingerprint = $"homegrown-{typeof(ApiService).Assembly.GetName().Version!.ToString(3)}";

    /// <summary>Ends the work when the client is gone or the server stops.</summary>
    public CancellationTokenSource Lifetime(HttpContext http) => CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, Stopping);

    /// <summary>What a reply is known by, the same in all its pieces.</summary>
    public ReplyHead NewReply(string prefix, IServedModel model) =>
        new($"{prefix}-{Guid.NewGuid():N}", Options.Time.GetUtcNow().ToUnixTimeSeconds(), model.Id);
}

readonly record struct ReplyHead(string Id, long Created, string Model);
