using System.Text.Json.Serialization.Metadata;
using Homegrown.Server.Wire;
using Microsoft.AspNetCore.Http;

namespace Homegrown.Server.Endpoints;

/// <summary>Sends the pieces of a reply as events.</summary>
static class Streaming
{
    public static async Task SendAsync<T>(HttpContext http, ApiService service, IAsyncEnumerable<T> chunks, JsonTypeInfo<T> type,
        CancellationToken cancellation)
    {
        await using var chunk = chunks.GetAsyncEnumerator(cancellation);
        var first = chunk.MoveNextAsync().AsTask();
        if (first.IsFaulted) await first;                                        // refused at once: an error with its status, no stream
        await using var events = new ServerSentEvents(http.Response, service.Options.PingInterval, service.Options.Time);
        try
        {
            await events.StartAsync(cancellation);
            for (var more = await first; more; more = await chunk.MoveNextAsync()) await events.SendAsync(chunk.Current, type);
            await events.EndAsync();
        }
        catch (Exception e) when (!http.RequestAborted.IsCancellationRequested)
        {
            await events.SendAsync(service.Errors.Describe(e, http).ToReply(), WireJson.Default.ErrorReply);
        }
        catch (OperationCanceledException)
        {
            // The client is gone: the work has stopped, and nobody reads an error.
        }
    }
}
