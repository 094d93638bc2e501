using System.Text.Json.Nodes;
using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Folders;

/// <summary>A fixture's folder with other settings, in a place of its own.</summary>
sealed class ChangedFolder : IDisposable
{
    ChangedFolder(string name, Action<JsonObject> change)
    {
        Path = Directory.CreateTempSubdirectory("homegrown-folder-").FullName;
        foreach (var file in Directory.GetFiles(Repository.Shared("hf", name), "model*")) File.Copy(file, System.IO.Path.Combine(Path, System.IO.Path.GetFileName(file)));
        var config = JsonNode.Parse(File.ReadAllText(System.IO.Path.Combine(Repository.Shared("hf", name), "config.json")))!.AsObject();
        change(config);
        File.WriteAllText(System.IO.Path.Combine(Path, "config.json"), config.ToJsonString());
    }

    /// <summary>With settings in the form of JSON: {"n_group": 3}.</summary>
    public static ChangedFolder With(string name, string settings) => new(name, config =>
    {
        foreach (var (setting, value) in JsonNode.Parse(settings)!.AsObject()) config[setting] = value?.DeepClone();
    });

    public string Path { get; }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
