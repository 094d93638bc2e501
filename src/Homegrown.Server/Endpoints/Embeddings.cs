using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Homegrown.Engine;
using Homegrown.Server.Gateway;
using Homegrown.Server.Wire;
using Microsoft.AspNetCore.Http;

namespace Homegrown.Server.Endpoints;

/// <summary>/v1/embeddings: https://platform.openai.com/docs/api-reference/embeddings.</summary>
static class Embeddings
{
    public static async Task HandleAsync(HttpContext http, ApiService service)
    {
        using var body = await JsonBody.ReadAsync(http);
        var fields = new JsonFields(body.RootElement);
        var model = service.Models.Find<IServedEmbedder>(fields.Text("model"));
        var request = EmbeddingRequest.Read(fields, model.Dimensions);
        var options = new EmbeddingOptions { Dimensions = request.Dimensions, Prompt = request.Prompt, Truncate = request.Truncate };
        using var lifetime = service.Lifetime(http);
        var vectors = await EncoderWork.RunAsync("input", () => model.Embed(request.Texts, options, lifetime.Token), lifetime.Token);
        var tokens = vectors.Sum(vector => vector.Tokens);
        var items = vectors.Select((vector, index) => new EmbeddingItem(index, Node(vector.Vector, request.Base64)));
        await WireJson.SendAsync(http, new EmbeddingList([.. items], model.Id, new(tokens, tokens)), WireJson.Default.EmbeddingList);
    }

    static JsonNode Node(float[] vector, bool base64) =>
        base64 ? JsonValue.Create(Convert.ToBase64String(MemoryMarshal.AsBytes(vector.AsSpan()))) : new JsonArray([.. vector.Select(value => JsonValue.Create(value))]);
}
