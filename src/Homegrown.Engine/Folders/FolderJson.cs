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
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            SpellInfinity(bytes);
            using var document = JsonDocument.Parse(bytes, Options);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.Clone()
                : throw new ModelFileException(path, "JSON", null, "is no object");
        }
        catch (JsonException error)
        {
            throw new ModelFileException(path, $"line {error.LineNumber + 1}", null, $"is no JSON: {error.Message.Split(" LineNumber")[0]}");
        }
    }

    /// <summary>Python writes Infinity, which JSON has no literal for: outside of texts it becomes a number above all doubles, of the same length.</summary>
    static void SpellInfinity(Span<byte> bytes)
    {
        var quoted = false;
        for (var i = 0; i < bytes.Length; i++)
        {
            if (bytes[i] == '"') quoted = !quoted;
            else if (quoted && bytes[i] == '\\') i++;
            else if (!quoted && bytes[i..].StartsWith("Infinity"u8)) "1e999   "u8.CopyTo(bytes[i..]);
        }
    }
}
