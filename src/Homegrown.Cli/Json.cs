using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Homegrown.Cli;

/// <summary>JSON as this program prints and reads it: 北京 as itself.</summary>
static class Json
{
    static readonly JsonSerializerOptions line = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    static readonly JsonSerializerOptions page = new(line) { WriteIndented = true };

    /// <summary>On one line, for programs.</summary>
    public static string Line(JsonNode node) => node.ToJsonString(line);

    /// <summary>Indented, for people who edit it.</summary>
    public static string Page(JsonNode node) => node.ToJsonString(page);

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
