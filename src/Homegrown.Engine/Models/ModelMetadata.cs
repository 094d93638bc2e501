using Homegrown.Engine.Formats;

namespace Homegrown.Engine.Models;

/// <summary>
/// The keys of a file that belong to its architecture ("llama.block_count" is <c>block_count</c> here), and which of them were
/// read: a missing key is an error that names it, an unread one may be a feature that is not honoured and is reported.
/// </summary>
public sealed class ModelMetadata(GgufFile file)
{
    readonly GgufMetadata keys = file.Metadata;
    readonly HashSet<string> read = [];

    /// <summary>general.architecture.</summary>
    public string Architecture { get; } = file.Metadata.GetString("general.architecture") ?? throw file.Metadata.Missing("general.architecture");

    public bool Has(string key) => keys[Name(key)] is not null;

    public string? Text(string key) => keys.GetString(Name(key));

    public bool? Flag(string key) => keys.GetBoolean(Name(key));

    /// <summary>A count or size above 0 that must be there.</summary>
    public int Positive(string key)
    {
        var value = keys.GetInt32(Name(key)) ?? throw Error(key, "is missing");
        return value > 0 ? value : throw Error(key, $"{value} is not above 0");
    }

    /// <summary>A number that must be there.</summary>
    public float Single(string key) => keys.GetSingle(Name(key)) ?? throw Error(key, "is missing");

    /// <summary>A count or size above 0, or what stands for it when the file has none.</summary>
    public int Optional(string key, Func<int> otherwise) => Has(key) ? Positive(key) : otherwise();

    /// <summary>A number, or what stands for it when the file has none.</summary>
    public float Optional(string key, float otherwise) => keys.GetSingle(Name(key)) ?? otherwise;

    /// <summary>An error about one of these keys.</summary>
    public ModelFileException Error(string key, string problem)
        => At(Name(key), problem);

    /// <summary>The architecture is not one of <paramref name="known"/>.</summary>
    public ModelFileException Unsupported(IEnumerable<string> known)
        => At("general.architecture", $"'{Architecture}' is not supported (supported: {string.Join(", ", known)})");

    /// <summary>Keys of the architecture that nothing asked for, in the file's order.</summary>
    public IEnumerable<string> Unread()
        => keys.Values.Select(value => value.Name).Where(name => name.StartsWith(Architecture + ".", StringComparison.Ordinal) && !read.Contains(name));

    ModelFileException At(string name, string problem) => new(file.Paths[0], name, keys[name]?.Offset ?? 0, problem);

    string Name(string key)
    {
        var name = $"{Architecture}.{key}";
        read.Add(name);
        return name;
    }
}
