using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace Homegrown.Server.Wire;

/// <summary>
/// A reply as a stream of events (WHATWG HTML, section 9.2): each "data: JSON" and an empty line, written into the reply's
/// pipe and flushed at once. While nothing is sent, a timer sends comments, which clients skip, so that nobody on the way gives up.
/// </summary>
sealed class ServerSentEvents : IAsyncDisposable
{
    readonly HttpResponse response;
    readonly PipeWriter body;
    readonly Utf8JsonWriter json;
    readonly SemaphoreSlim gate = new(1, 1);
    readonly PeriodicTimer timer;
    Task pings = Task.CompletedTask;
    volatile bool silent = true;

    public ServerSentEvents(HttpResponse response, TimeSpan pingInterval, TimeProvider time)
    {
        (this.response, body) = (response, response.BodyWriter);
        json = new Utf8JsonWriter(body, WireJson.Writing);
        timer = new PeriodicTimer(pingInterval, time);
    }

    /// <summary>Sends the headers: from here on errors are events too.</summary>
    public async Task StartAsync(CancellationToken cancellation)
    {
        response.Headers.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no";                            // nginx would collect the pieces
        await response.StartAsync(cancellation);
        await body.FlushAsync(cancellation);
        pings = PingAsync();
    }

    public async ValueTask SendAsync<T>(T value, JsonTypeInfo<T> type)
    {
        await gate.WaitAsync();
        try
        {
            silent = false;
            Write("data: "u8);
            json.Reset();
            JsonSerializer.Serialize(json, value, type);
            Write("\n\n"u8);
            await body.FlushAsync();
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>The mark by which OpenAI's clients know that the stream is whole.</summary>
    public ValueTask EndAsync() => SendRawAsync("data: [DONE]\n\n"u8.ToArray());

    public async ValueTask DisposeAsync()
    {
        timer.Dispose();
        await pings;
        gate.Dispose();
        await json.DisposeAsync();
    }

    async Task PingAsync()
    {
        while (await timer.WaitForNextTickAsync())
        {
            if (silent) await SendRawAsync(": ping\n\n"u8.ToArray());
            silent = true;
        }
    }

    async ValueTask SendRawAsync(ReadOnlyMemory<byte> bytes)
    {
        await gate.WaitAsync();
        try
        {
            await body.WriteAsync(bytes);
        }
        finally
        {
            gate.Release();
        }
    }

    void Write(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(body.GetSpan(bytes.Length));
        body.Advance(bytes.Length);
    }
}
