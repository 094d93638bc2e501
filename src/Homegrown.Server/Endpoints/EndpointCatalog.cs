using Microsoft.AspNetCore.Http;

namespace Homegrown.Server.Endpoints;

/// <summary>One row of the API.</summary>
/// <param name="Method">The HTTP method; GET answers HEAD too.</param>
/// <param name="Path">A route pattern.</param>
/// <param name="Open">Answers without an API key.</param>
sealed record ApiEndpoint(string Method, string Path, Func<HttpContext, ApiService, Task> Handle, bool Open = false)
{
    public IReadOnlyList<string> Methods => Method == HttpMethods.Get ? [HttpMethods.Get, HttpMethods.Head] : [Method];
}

/// <summary>Every endpoint of the server.</summary>
static class EndpointCatalog
{
    public static readonly IReadOnlyList<ApiEndpoint> Rows =
    [
        new("GET", "/", ChatPage.IndexAsync, Open: true),
        new("GET", "/ui/{file}", ChatPage.FileAsync, Open: true),
        new("GET", "/health", Health.HandleAsync, Open: true),
        new("GET", "/v1/health", Health.HandleAsync, Open: true),
        new("GET", "/v1/models", Models.ListAsync),
        new("GET", "/v1/models/{**id}", Models.OneAsync),
        new("POST", "/v1/chat/completions", ChatCompletions.HandleAsync),
        new("POST", "/v1/completions", Completions.HandleAsync),
        new("POST", "/v1/embeddings", Embeddings.HandleAsync),
        new("POST", "/v1/rerank", Rerank.HandleAsync),
        new("POST", "/rerank", Rerank.HandleAsync),
        new("POST", "/v2/rerank", Rerank.HandleAsync),
        new("POST", "/tokenize", Tokens.TokenizeAsync),
        new("POST", "/detokenize", Tokens.DetokenizeAsync),
    ];
}
