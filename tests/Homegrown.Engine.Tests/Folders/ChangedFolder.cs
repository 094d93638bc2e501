using System.Text;
using System.Text.Json.Nodes;
using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Folders;

/// <summary>A fixture's folder with other settings, in a place of its own.</summary>
sealed class ChangedFolder : IDisposable
{
    ChangedFolder(string name, Action<JsonObject> change, Func<string, string>? renamed = null)
    {
        Path = Directory.CreateTempSubdirectory("homegrown-folder-").FullName;
        foreach (var file in Directory.GetFiles(Repository.Shared("hf", name), "model*")) File.Copy(file, System.IO.Path.Combine(Path, System.IO.Path.GetFileName(file)));
        if (renamed is not null) foreach (var file in Directory.GetFiles(Path, "*.safetensors")) Rename(file, renamed);
        var config = JsonNode.Parse(File.ReadAllText(System.IO.Path.Combine(Repository.Shared("hf", name), "config.json")))!.AsObject();
        change(config);
        File.WriteAllText(System.IO.Path.Combine(Path, "config.json"), config.ToJsonString());
    }

    /// <summary>With settings in the form of JSON: {"n_group": 3}.</summary>
    public static ChangedFolder With(string name, string settings) => new(name, config => Set(config, settings));

    /// <summary>The same, with tensors under other names.</summary>
    /// <param name="renamed">The directory of a safetensors file, with its names changed.</param>
    public static ChangedFolder With(string name, string settings, Func<string, string> renamed) => new(name, config => Set(config, settings), renamed);

    public string Path { get; }

    public void Dispose() => Directory.Delete(Path, recursive: true);

    static void Set(JsonObject config, string settings)
    {
        foreach (var (setting, value) in JsonNode.Parse(settings)!.AsObject()) config[setting] = value?.DeepClone();
    }

    /// <summary>Eight bytes of length, the directory, the data, whose offsets count from its own start.</summary>
    static void Rename(string file, Func<string, string> renamed)
    {
        var bytes = File.ReadAllBytes(file);
        var length = (int)BitConverter.ToInt64(bytes, 0);
        var directory = Encoding.UTF8.GetBytes(renamed(Encoding.UTF8.GetString(bytes, 8, length)));
        File.WriteAllBytes(file, [.. BitConverter.GetBytes((long)directory.Length), .. directory, .. bytes.AsSpan(8 + length)]);
    }
}
