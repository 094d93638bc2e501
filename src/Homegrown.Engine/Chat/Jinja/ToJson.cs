using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Homegrown.Engine.Chat.Jinja;

/// <summary>
/// The tojson filter as Hugging Face transformers redefines it: Python's json.dumps, without the HTML escapes of Jinja2's own
/// and without escaping what is not ASCII. Models were trained on exactly its spaces.
/// </summary>
sealed class ToJson
{
    readonly TextBuilder json = new();
    readonly bool escapesUnicode;
    readonly bool sortsKeys;
    readonly Text? indent;
    readonly Text itemSeparator;
    readonly Text keySeparator;

    ToJson(Call call)
    {
        escapesUnicode = call.Flag(1);
        if (call.IsGiven(2)) indent = call[2] as Text ?? new TextBuilder().Append(Text.Literal(" "), call.Integer(2)).ToText();
        (itemSeparator, keySeparator) = (call.IsGiven(3) ? call.Items(3).Take(3).ToList() : null) switch
        {
            null => (Text.Literal(indent is null ? ", " : ","), Text.Literal(": ")),
            [Text item, Text key] => (item, key),
            _ => throw new TemplateException("separators must be a pair of strings"),
        };
        sortsKeys = call.Flag(4);
    }

    /// <summary>value | tojson(ensure_ascii, indent, separators, sort_keys)</summary>
    public static Text Filter(Call call)
    {
        var writer = new ToJson(call);
        writer.Write(call[0], 0);
        return writer.json.ToText();
    }

    void Write(object? value, int depth)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        switch (value)
        {
            case Text text: WriteString(text); break;
            case List<object?> list: WriteItems('[', list, ']', depth, item => Write(item, depth + 1)); break;
            case TupleValue tuple: WriteItems('[', tuple.Items, ']', depth, item => Write(item, depth + 1)); break;
            case DictValue dict: WriteItems('{', Pairs(dict), '}', depth, item => WritePair(item, depth + 1)); break;
            default: json.Append(Scalar(value) ?? throw new TemplateException($"Object of type {TypeNames.Of(value)} is not JSON serializable")); break;
        }
    }

    static string? Scalar(object? value) => value switch
    {
        null => "null",
        bool flag => flag ? "true" : "false",
        long number => number.ToString(CultureInfo.InvariantCulture),
        BigInteger number => number.ToString(CultureInfo.InvariantCulture),
        double.NaN => "NaN",
        double.PositiveInfinity => "Infinity",
        double.NegativeInfinity => "-Infinity",
        double number => Digits.Shortest(number),
        _ => null,
    };

    IEnumerable<KeyValuePair<object?, object?>> Pairs(DictValue dict) =>
        sortsKeys ? dict.Order(Comparer<KeyValuePair<object?, object?>>.Create((a, b) => Operators.Order("<", a.Key, b.Key) ?? 0)) : dict;

    void WritePair(KeyValuePair<object?, object?> item, int depth)
    {
        if (item.Key is Text name) WriteString(name);
        else json.Append($"\"{Scalar(item.Key) ?? throw new TemplateException($"keys must be str, int, float, bool or None, not {TypeNames.Of(item.Key)}")}\"");
        json.Append(keySeparator);
        Write(item.Value, depth);
    }

    void WriteItems<T>(char open, IEnumerable<T> items, char close, int depth, Action<T> write)
    {
        json.Append([open]);
        var isFirst = true;
        foreach (var item in items)
        {
            if (!isFirst) json.Append(itemSeparator);
            isFirst = false;
            NewLine(depth + 1);
            write(item);
        }
        if (!isFirst) NewLine(depth);
        json.Append([close]);
    }

    void NewLine(int depth)
    {
        if (indent is not null) json.Append("\n").Append(indent, depth);
    }

    void WriteString(Text text)
    {
        json.Append("\"");
        foreach (var (start, end, fromCaller) in text.Runs())
        {
            var done = start;
            for (var i = start; i < end; i++)
            {
                if (Escape(text.Value[i]) is not { } escape) continue;
                json.Append(text.Value.AsSpan(done, i - done), fromCaller).Append(escape, fromCaller);
                done = i + 1;
            }
            json.Append(text.Value.AsSpan(done, end - done), fromCaller);
        }
        json.Append("\"");
    }

    string? Escape(char character) => character switch
    {
        '"' => "\\\"",
        '\\' => @"\\",
        '\n' => @"\n",
        '\r' => @"\r",
        '\t' => @"\t",
        '\f' => @"\f",
        '\b' => @"\b",
        < ' ' => $"\\u{(int)character:x4}",
        > '~' when escapesUnicode => $"\\u{(int)character:x4}",
        _ => null,
    };
}
