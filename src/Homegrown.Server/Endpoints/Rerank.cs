using Homegrown.Engine;
using Homegrown.Server.Gateway;
using Homegrown.Server.Wire;
using Microsoft.AspNetCore.Http;

namespace Homegrown.Server.Endpoints;

/// <summary>/v1/rerank: https://jina.ai/reranker; the best first.</summary>
static class Rerank
{
    public static async Task HandleAsync(HttpContext http, ApiService service)
    {
        using var body = await JsonBody.ReadAsync(http);
        var fields = new JsonFields(body.RootElement);
        var model = service.Models.Find<IServedReranker>(fields.Text("model"));
        var request = RerankRequest.Read(fields);
        var options = new RerankOptions { Instruction = request.Instruction, Truncate = request.Truncate };
        using var lifetime = service.Lifetime(http);
        var scores = await EncoderWork.RunAsync("documents", () => model.Score(request.Query, request.Documents, options, lifetime.Token), lifetime.Token);
        var best = scores.OrderByDescending(score => score.Score).Take(request.Top)
            .Select(score => new RerankResult(score.Index, score.Score, request.ReturnDocuments ? new(request.Documents[score.Index]) : null));
        var tokens = scores.Sum(score => score.Tokens);
        await WireJson.SendAsync(http, new RerankReply($"rerank-{Guid.NewGuid():N}", model.Id, [.. best], new(tokens, tokens)), WireJson.Default.RerankReply);
    }
}
