using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Homegrown.Engine.Chat.Jinja;

/// <summary>The caller's JSON as values of templates: all strings, keys included, are marked as the caller's.</summary>
static class JsonValues
{
    public static object? From(JsonNode? node)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        return node switch
        {
            null => null,
            JsonObject dict => FromObject(dict),
            JsonArray list => list.Select(From).ToList(),
            JsonValue value => FromScalar(value),
            _ => throw new InvalidOperationException($"unknown JSON node {node.GetType()}"),
        };
    }

    public static DictValue FromObject(JsonObject source)
    {
        var dict = new DictValue();
        foreach (var (name, value) in source) dict[Text.FromCaller(name)] = From(value);
        return dict;
    }

    static object? FromScalar(JsonValue value) => value.GetValueKind() switch
    {
        JsonValueKind.String => Text.FromCaller(value.GetValue<string>()),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Null => null,
        _ => FromNumber(value.ToJsonString(), value.TryGetValue<double>(out _) && !value.TryGetValue<JsonElement>(out _)),
    };

    /// <summary>As Python reads it: 1 is an int, 1.0 and 1e3 are floats.</summary>
    static object FromNumber(string digits, bool isDouble) =>
        isDouble || digits.AsSpan().IndexOfAny(".eE") >= 0 ? double.Parse(digits, CultureInfo.InvariantCulture)
        : long.TryParse(digits, CultureInfo.InvariantCulture, out var number) ? (object)number
        : BigInteger.Parse(digits, CultureInfo.InvariantCulture);
}
