using System.Runtime.InteropServices;
using System.Text.Json;
using Homegrown.Engine.Formats;

namespace Homegrown.Engine.Tokenizers.Folders;

/// <summary>A JSON file, for fields that know where they stand in it.</summary>
sealed class JsonSource(string path, byte[] bytes)
{
    public string Path => path;

    /// <exception cref="ModelFileException">The file is no JSON.</exception>
    public static JsonField Open(string path)
    {
        var bytes = File.ReadAllBytes(path);
        try
        {
            var mark = bytes is [0xEF, 0xBB, 0xBF, ..] ? 3 : 0;
            return new(new JsonSource(path, bytes), JsonDocument.Parse(bytes.AsMemory(mark)).RootElement, "the file");
        }
        catch (JsonException error)
        {
            throw new ModelFileException(path, error.Path ?? "the file", Offset(bytes, error), $"not JSON: {error.Message}");
        }
    }

    /// <summary>Where a value begins.</summary>
    public long OffsetOf(JsonElement value) =>
        bytes.AsSpan().Overlaps(JsonMarshal.GetRawUtf8Value(value), out var offset) ? offset : 0;

    static long Offset(byte[] bytes, JsonException error)
    {
        var offset = 0L;
        for (var line = error.LineNumber ?? 0; line > 0; line--) offset += bytes.AsSpan((int)offset).IndexOf((byte)'\n') + 1;
        return offset + (error.BytePositionInLine ?? 0);
    }
}

/// <summary>A value of a JSON file, and its path there, for messages.</summary>
readonly record struct JsonField(JsonSource Source, JsonElement Value, string Path)
{
    /// <summary>The value of a name; null where it is absent or null.</summary>
    public JsonField? Find(string name)
    {
        if (Value.ValueKind != JsonValueKind.Object) throw Error($"{Value.ValueKind} instead of an object");
        return Value.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? new(Source, value, Join(name)) : null;
    }

    public JsonField this[string name] => Find(name) ?? throw Error($"has no '{name}'");

    public string Text => Value.ValueKind == JsonValueKind.String
        ? Read(value => value.GetString()!)
        : throw Error($"{Value.ValueKind} instead of a text");

    public bool Flag => Value.ValueKind is JsonValueKind.True or JsonValueKind.False ? Value.GetBoolean() : throw Error($"{Value.ValueKind} instead of true or false");

    /// <summary>A whole number from 0 on.</summary>
    public int Number => Value.ValueKind == JsonValueKind.Number && Value.TryGetInt32(out var number) && number >= 0
        ? number
        : throw Error($"{Shown} instead of a whole number from 0 to {int.MaxValue}");

    public double Real => Value.ValueKind == JsonValueKind.Number && Value.TryGetDouble(out var number) ? number : throw Error($"{Shown} instead of a number");

    /// <summary>The entries of an array.</summary>
    public IEnumerable<JsonField> Items
    {
        get
        {
            if (Value.ValueKind != JsonValueKind.Array) throw Error($"{Value.ValueKind} instead of an array");
            var index = 0;
            foreach (var item in Value.EnumerateArray()) yield return new(Source, item, $"{Path}[{index++}]");
        }
    }

    /// <summary>The names and values of an object.</summary>
    public IEnumerable<(string Name, JsonField Field)> Members
    {
        get
        {
            if (Value.ValueKind != JsonValueKind.Object) throw Error($"{Value.ValueKind} instead of an object");
            foreach (var member in Value.EnumerateObject()) yield return (NameOf(member), new(Source, member.Value, Path));
        }
    }

    public ModelFileException Error(string problem) => new(Source.Path, Path, Source.OffsetOf(Value), problem);

    string Shown => Value.GetRawText() is { Length: <= 40 } raw ? raw : Value.GetRawText()[..40] + "...";

    string Join(string name) => Path == "the file" ? name : $"{Path}.{name}";

    // Half a surrogate pair, escaped, is no text.
    string NameOf(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            throw Error("a name that is no text");
        }
    }

    T Read<T>(Func<JsonElement, T> read)
    {
        try
        {
            return read(Value);
        }
        catch (InvalidOperationException)
        {
            throw Error("half of a surrogate pair, which is no text");
        }
    }
}
