using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace Homegrown.Server.Wire;

/// <summary>How replies become JSON: snake case, nulls written, text readable as it is (the content type keeps it from being HTML).</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ErrorReply))]
[JsonSerializable(typeof(HealthReply))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(ModelReply))]
[JsonSerializable(typeof(ChatReply))]
[JsonSerializable(typeof(ChatChunk))]
[JsonSerializable(typeof(CompletionReply))]
[JsonSerializable(typeof(EmbeddingList))]
[JsonSerializable(typeof(RerankReply))]
[JsonSerializable(typeof(TokenList))]
[JsonSerializable(typeof(TokenText))]
sealed partial class WireJson : JsonSerializerContext
{
    public static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Answers with one JSON object.</summary>
    public static async Task SendAsync<T>(HttpContext http, T reply, JsonTypeInfo<T> type, int status = StatusCodes.Status200OK)
    {
        var body = new MemoryStream();
        await using (var json = new Utf8JsonWriter(body, Writing)) JsonSerializer.Serialize(json, reply, type);
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json; charset=utf-8";
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body.GetBuffer().AsMemory(0, checked((int)body.Length)), http.RequestAborted);
    }
}
