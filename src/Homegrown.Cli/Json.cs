using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Homegrown.Cli;

/// <summary>JSON as this program prints and reads it: indented, and 北京 as itself.</summary>
static class Json
{
    static readonly JsonSerializerOptions readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Text(JsonNode node) => node.ToJsonString(readable);

    /// <exception cref="UsageException">The file is not JSON, or is no object.</exception>
    public static JsonObject ReadObject(string path)
    {
        try
        {
            return JsonNode.Parse(File.ReadAllBytes(path)) as JsonObject ?? throw new UsageException($"{path}: expected a JSON object.");
        }
        catch (JsonException error)
        {
            throw new UsageException($"{path}: line {error.LineNumber + 1}: {error.Message}");
        }
    }
}
