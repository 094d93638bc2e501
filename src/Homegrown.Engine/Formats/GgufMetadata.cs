using System.Diagnostics.CodeAnalysis;

namespace Homegrown.Engine.Formats;

/// <summary>
/// The metadata of a GGUF file, in the file's order. A typed getter gives null where the key is absent, and fails with a
/// <see cref="ModelFileException"/> where the value has another type or does not fit.
/// </summary>
public sealed class GgufMetadata
{
    readonly OrderedDictionary<string, GgufValue> values = new(StringComparer.Ordinal);
    readonly string file;

    internal GgufMetadata(string file) => this.file = file;

    /// <summary>All values; each knows its key.</summary>
    public IReadOnlyList<GgufValue> Values => values.Values;

    /// <summary>The value, or null where the key is absent.</summary>
    public GgufValue? this[string key] => values.GetValueOrDefault(key);

    public bool TryGet(string key, [NotNullWhen(true)] out GgufValue? value) => values.TryGetValue(key, out value);

    public string? GetString(string key) => this[key]?.AsString();

    public int? GetInt32(string key) => this[key]?.AsInt32();

    public ulong? GetUInt64(string key) => this[key]?.AsUInt64();

    public float? GetSingle(string key) => this[key]?.AsSingle();

    public bool? GetBoolean(string key) => this[key]?.AsBoolean();

    public string[]? GetStrings(string key) => this[key]?.AsStrings();

    public float[]? GetFloats(string key) => this[key]?.AsFloats();

    public int[]? GetInts(string key) => this[key]?.AsInts();

    /// <summary>What to throw where a key must be there: <c>metadata.GetInt32(key) ?? throw metadata.Missing(key)</c>.</summary>
    public ModelFileException Missing(string key) => new(file, key, 0, "the metadata has no such key");

    internal bool TryAdd(GgufValue value) => values.TryAdd(value.Name, value);
}
