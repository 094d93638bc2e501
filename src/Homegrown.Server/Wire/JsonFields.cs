using System.Text.Json;
using System.Text.Json.Nodes;

namespace Homegrown.Server.Wire;

/// <summary>
/// The fields of one JSON object of a request, each read by name with its type and range. A wrong one is a 400 that names the
/// field by its path; null counts as absent, as SDKs send it; fields that nobody asks for are ignored.
/// </summary>
sealed class JsonFields(JsonElement json, string path = "")
{
    public string PathOf(string name) => path.Length == 0 ? name : $"{path}.{name}";

    public JsonElement? Find(string name) => json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public JsonElement Require(string name, string what) => Find(name) ?? throw ApiException.Invalid(PathOf(name), $"is missing: {what}.");

    public string? Text(string name) => Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString() : throw Wrong(name, "a string", value);

    public bool Flag(string name) => Find(name) is { } value
        && (value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Wrong(name, "true or false", value));

    public float? Number(string name, float min, float max) => Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetSingle(out var number) && number >= min && number <= max ? number
        : throw Wrong(name, $"a number from {min} to {max}", value);

    public int? Integer(string name, int min, int max = int.MaxValue) => Find(name) is not { } value ? null
        : AsInteger(value) is { } number && number >= min && number <= max ? number
        : throw Wrong(name, max == int.MaxValue ? $"an integer of at least {min}" : $"an integer from {min} to {max}", value);

    public JsonObject? Object(string name) => Fields(name) is null ? null : (JsonObject)Copy(Find(name)!.Value)!;

    public JsonFields? Fields(string name) => Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Object ? new JsonFields(value, PathOf(name)) : throw Wrong(name, "an object", value);

    public JsonElement.ArrayEnumerator? List(string name) => Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : throw Wrong(name, "an array", value);

    /// <summary>A string or an array of strings, as one list.</summary>
    public IReadOnlyList<string> Texts(string name, int most)
    {
        if (Find(name) is not { } value) return [];
        JsonElement[] items = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [value];
        if (items.Length > most) throw ApiException.Invalid(PathOf(name), $"has {items.Length} entries: at most {most} are accepted.");
        return [.. items.Select(item => item.ValueKind == JsonValueKind.String ? item.GetString()!
            : throw Wrong(name, "a string or an array of strings", item))];
    }

    public ApiException Wrong(string name, string needed, JsonElement value) => Wrong(PathOf(name), needed, value.GetRawText());

    public static ApiException Wrong(string param, string needed, string found) =>
        ApiException.Invalid(param, $"must be {needed}, not {(found.Length > 40 ? found[..40] + "..." : found)}.");

    /// <summary>A value to keep: the request's document is gone when a template reads it.</summary>
    public static JsonNode? Copy(JsonElement value) => JsonNode.Parse(value.GetRawText());

    /// <summary>The value as an integer, null if it is none; 5.0 is one, as some languages print every number so.</summary>
    public static int? AsInteger(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsInteger(number)
        && number is >= int.MinValue and <= int.MaxValue ? (int)number : null;
}
