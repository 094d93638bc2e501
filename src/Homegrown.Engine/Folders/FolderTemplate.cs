using System.Text.Json;

namespace Homegrown.Engine.Folders;

/// <summary>The chat template of a folder: it has had four homes over the years, the newest first.</summary>
static class FolderTemplate
{
    const int MostBytes = 64 << 20;

    /// <summary>The source, or null where the folder has none.</summary>
    public static string? Find(string folder)
    {
        var file = Path.Combine(folder, "chat_template.jinja");
        if (File.Exists(file)) return File.ReadAllText(file);
        return InJson(Path.Combine(folder, "chat_template.json")) ?? InJson(Path.Combine(folder, "tokenizer_config.json")) ?? InJson(Path.Combine(folder, "processor_config.json"));
    }

    /// <summary>A text, or the one called "default" of a list of named ones.</summary>
    static string? InJson(string file)
    {
        if (!File.Exists(file) || !FolderJson.Read(file, MostBytes).TryGetProperty("chat_template", out var template)) return null;
        return template.ValueKind switch
        {
            JsonValueKind.String => template.GetString(),
            JsonValueKind.Array => template.EnumerateArray().Where(one => one.GetProperty("name").GetString() == "default").Select(one => one.GetProperty("template").GetString()).FirstOrDefault(),
            _ => null,
        };
    }
}
