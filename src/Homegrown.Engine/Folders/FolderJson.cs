using System.Text.Json;
using Homegrown.Engine.Formats;

namespace Homegrown.Engine.Folders;

/// <summary>The JSON files of a folder: foreign, so bounded in size and depth.</summary>
static class FolderJson
{
    static readonly JsonDocumentOptions Options = new() { MaxDepth = 32 };

    /// <summary>The object that a file holds; it outlives the file.</summary>
    /// <exception cref="ModelFileException">Larger than <paramref name="mostBytes"/>, or no JSON object; the place is named.</exception>
    public static JsonElement Read(string path, long mostBytes)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        if (stream.Length > mostBytes) throw new ModelFileException(path, "size", null, $"{stream.Length} bytes; this build reads up to {mostBytes}");
        try
        {
            using var document = JsonDocument.Parse(stream, Options);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.Clone()
                : throw new ModelFileException(path, "JSON", null, "is no object");
        }
        catch (JsonException error)
        {
            throw new ModelFileException(path, $"line {error.LineNumber + 1}", null, $"is no JSON: {error.Message.Split(" LineNumber")[0]}");
        }
    }
}
