using Homegrown.Engine;
using Homegrown.Engine.Sampling;
using Homegrown.Server.Gateway;
using Homegrown.Server.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Homegrown.Server.Endpoints;

/// <summary>Gives every reply its x-request-id, and turns whatever goes wrong into an error of OpenAI's shape.</summary>
sealed class ErrorReplies(ILogger log, CancellationToken stopping)
{
    public async Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        http.TraceIdentifier = $"req_{Guid.NewGuid():N}";
        http.Response.Headers["x-request-id"] = http.TraceIdentifier;
        try
        {
            await next(http);
            if (http.Response is { HasStarted: false, StatusCode: >= 400, ContentLength: null }) await SendAsync(http, OfRouting(http));
        }
        catch (Exception e) when (!http.Response.HasStarted)
        {
            // A client that has gone needs no answer.
            if (!http.RequestAborted.IsCancellationRequested) await SendAsync(http, Describe(e, http));
        }
    }

    /// <summary>The error that a caller is told: what it can mend in words, what it cannot without a word of our insides.</summary>
    public ApiException Describe(Exception e, HttpContext http)
    {
        switch (e)
        {
            case ApiException error:
                return error;
            case ContextLengthException tooLong:
                return new ApiException(400, tooLong.Message, e) { Code = "context_length_exceeded" };
            case SamplingOptionException option:
                return new ApiException(400, option.Message, e) { Param = option.Parameter };
            case ChatPromptException refused:
                return new ApiException(400, refused.Message, e) { Param = "messages" };
            case BadHttpRequestException bad:
                return new ApiException(bad.StatusCode, bad.Message, e);
            case OperationCanceledException when stopping.IsCancellationRequested:
                return new ApiException(503, "The server is shutting down.", e) { Code = "shutting_down" };
            default:
                log.LogError(e, "{Method} {Path} failed ({RequestId})", http.Request.Method, http.Request.Path, http.TraceIdentifier);
                return new ApiException(500, $"The server failed to answer; its log tells why ({http.TraceIdentifier}).", e);
        }
    }

    static ApiException OfRouting(HttpContext http)
    {
        var (status, what) = (http.Response.StatusCode, $"{http.Request.Method} {http.Request.Path}");
        return status switch
        {
            404 => new ApiException(404, $"There is no {what} here.") { Code = "unknown_url" },
            405 => new ApiException(405, $"{what} is not allowed: use {http.Response.Headers.Allow}.") { Code = "method_not_allowed" },
            _ => new ApiException(status, $"{what} was refused with status {status}."),
        };
    }

    static Task SendAsync(HttpContext http, ApiException error) =>
        WireJson.SendAsync(http, error.ToReply(), WireJson.Default.ErrorReply, error.Status);
}
