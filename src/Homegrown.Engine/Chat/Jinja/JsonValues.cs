using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Homegrown.Engine.Chat.Jinja;

/// <summary>The caller's JSON as values of templates: all strings, keys included, are marked as the caller's.</summary>
static class JsonValues
{
    /// <summary>Python reads no longer integers from JSON either: their digits cost quadratic time.</summary>
    const int MaxDigits = 4300;

    /// <exception cref="TemplateException">A key occurs twice, or a string is not Unicode.</exception>
    public static object? From(JsonNode? node)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        try
        {
            return node switch
            {
                null => null,
                JsonObject dict => Read(dict),
                JsonArray list => list.Select(From).ToList(),
                JsonValue value => FromScalar(value),
                _ => throw new InvalidOperationException($"unknown JSON node {node.GetType()}"),
            };
        }
        catch (Exception problem) when (problem is ArgumentException or InvalidOperationException)
        {
            throw new TemplateException($"a variable of the template is not proper JSON: {problem.Message}", inner: problem);
        }
    }

    /// <inheritdoc cref="From"/>
    public static DictValue FromObject(JsonObject source) => (DictValue)From(source)!;

    /// <returns>Null where the text is not a JSON object.</returns>
    public static object? ParseObject(string text)
    {
        try
        {
            return JsonNode.Parse(text) is JsonObject dict ? From(dict) : null;
        }
        catch (Exception problem) when (problem is JsonException or TemplateException)
        {
            return null;
        }
    }

    static DictValue Read(JsonObject source)
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
        _ => FromNumber(value.ToJsonString(), value.GetValue<object>() is double or float or decimal),
    };

    /// <summary>As Python reads it: 1 is an int, 1.0 and 1e3 are floats.</summary>
    static object FromNumber(string digits, bool isFloat)
    {
        if (isFloat || digits.AsSpan().IndexOfAny(".eE") >= 0) return double.Parse(digits, CultureInfo.InvariantCulture);
        if (long.TryParse(digits, CultureInfo.InvariantCulture, out var number)) return number;
        return digits.Length <= MaxDigits ? BigInteger.Parse(digits, CultureInfo.InvariantCulture)
            : throw new TemplateException($"a number in the template's variables has more than {MaxDigits} digits");
    }
}
