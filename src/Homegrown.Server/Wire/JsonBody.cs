using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Homegrown.Server.Wire;

/// <summary>Reads a request's body as one JSON object.</summary>
static class JsonBody
{
    // Of two fields with one name, readers disagree which counts.
    static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <exception cref="ApiException">413 too long, 415 no JSON, 400 malformed, with line and column.</exception>
    public static async Task<JsonDocument> ReadAsync(HttpContext http)
    {
        var request = http.Request;
        if (!request.HasJsonContentType() || !IsUtf8(request))
            throw new ApiException(415, $"The content type is '{request.ContentType ?? "missing"}': send the request as application/json in UTF-8.");
        var body = new MemoryStream();
        try
        {
            await request.Body.CopyToAsync(body, http.RequestAborted);
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            throw new ApiException(413, "The request's body is longer than this server accepts: shorten it, or raise the server's limit.", e);
        }
        return Parse(body.GetBuffer().AsMemory(0, checked((int)body.Length)));
    }

    static JsonDocument Parse(ReadOnlyMemory<byte> body)
    {
        if (!Utf8.IsValid(body.Span)) throw new ApiException(400, "The request's body is not valid UTF-8.");
        try
        {
            var document = JsonDocument.Parse(body, Strict);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new ApiException(400,
                    $"The request's body is a JSON {document.RootElement.ValueKind.ToString().ToLowerInvariant()}: an object is needed.");
            CheckEscapes(body.Span);
            return document;
        }
        catch (JsonException e)
        {
            throw new ApiException(400,
                $"The request's body is not valid JSON, or names a field twice, at line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}.", e);
        }
    }

    /// <summary>Escapes can spell half a character, which no string holds; found here, every later read of a string succeeds.</summary>
    static void CheckEscapes(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body);
        while (reader.Read())
        {
            if (!reader.ValueIsEscaped) continue;
            try
            {
                reader.GetString();
            }
            catch (InvalidOperationException e)
            {
                var before = body[..checked((int)reader.TokenStartIndex)];
                throw new ApiException(400,
                    $"The request's body has half of a surrogate pair (\\ud800 to \\udfff) in the text at line {before.Count((byte)'\n') + 1}, "
                    + $"byte {before.Length - before.LastIndexOf((byte)'\n')}.", e);
            }
        }
    }

    static bool IsUtf8(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
        && (!type.Charset.HasValue || HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase));
}
