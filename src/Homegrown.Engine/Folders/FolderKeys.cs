using Homegrown.Engine.Formats;

namespace Homegrown.Engine.Folders;

/// <summary>config.json under canonical keys; errors speak of the settings as they are called there.</summary>
sealed class FolderKeys : ModelKeys
{
    readonly OrderedDictionary<string, (string Setting, object? Value)> values = new(StringComparer.Ordinal);
    readonly FolderConfig config;
    readonly IReadOnlyList<string> idle;

    public FolderKeys(FolderConfig config, FolderMap map, string architecture)
    {
        (this.config, idle) = (config, map.Idle);
        foreach (var (canonical, names, value) in map.Keys.Read(config)) values[$"{architecture}.{canonical}"] = (names, value);
    }

    public override IEnumerable<string> Names => values.Where(entry => entry.Value.Value is not null).Select(entry => entry.Key);

    public override object? Find(string key) => values.GetValueOrDefault(key).Value;

    public override ModelFileException Error(string key, string problem)
        => config.Error(values.GetValueOrDefault(key).Setting?.Replace("|", " or ", StringComparison.Ordinal) ?? key, problem);

    protected override IReadOnlyList<string> Stored(string key) => values.GetValueOrDefault(key).Setting?.Split('|') ?? [key];

    protected override IEnumerable<string> Settings => config.Names;

    public override IEnumerable<string> Unread(IReadOnlySet<string> read, string architecture) => config.Unread(idle);
}
