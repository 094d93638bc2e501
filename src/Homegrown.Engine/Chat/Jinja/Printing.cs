using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Homegrown.Engine.Chat.Jinja;

/// <summary>Python's str and repr of a value.</summary>
static class Printing
{
    public static Text Str(object? value) => value switch
    {
        Text text => text,
        Undefined => Text.Empty,
        _ => Repr(value),
    };

    public static Text Repr(object? value)
    {
        var text = new TextBuilder();
        Write(text, value);
        return text.ToText();
    }

    static void Write(TextBuilder text, object? value)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        switch (value)
        {
            case null: text.Append("None"); break;
            case bool flag: text.Append(flag ? "True" : "False"); break;
            case long number: text.Append(number.ToString(CultureInfo.InvariantCulture)); break;
            case BigInteger number: text.Append(number.ToString(CultureInfo.InvariantCulture)); break;
            case double number: text.Append(Digits.Shortest(number)); break;
            case Text { IsMarkup: true } markup: Quote(text.Append("Markup("), markup).Append(")"); break;
            case Text plain: Quote(text, plain); break;
            case List<object?> list: WriteItems(text, "[", list, "]"); break;
            case TupleValue tuple: WriteItems(text, "(", tuple.Items, tuple.Items.Length == 1 ? ",)" : ")"); break;
            case DictValue dict: WriteDict(text, dict); break;
            case DictView view: WriteItems(text, view.Kind + "([", view.Items, "])"); break;
            case Namespace space: Write(text.Append("<Namespace "), space.Attributes); text.Append(">"); break;
            case Undefined: text.Append("Undefined"); break;
            case Generator: text.Append("<generator object>"); break;
            default: text.Append(value.ToString()); break;
        }
    }

    static void WriteItems(TextBuilder text, string open, IEnumerable<object?> items, string close)
    {
        text.Append(open);
        var isFirst = true;
        foreach (var item in items)
        {
            if (!isFirst) text.Append(", ");
            isFirst = false;
            Write(text, item);
        }
        text.Append(close);
    }

    static void WriteDict(TextBuilder text, DictValue dict)
    {
        text.Append("{");
        var isFirst = true;
        foreach (var (key, value) in dict)
        {
            if (!isFirst) text.Append(", ");
            isFirst = false;
            Write(text, key);
            Write(text.Append(": "), value);
        }
        text.Append("}");
    }

    /// <summary>In single quotes, unless only double ones spare an escape; what does not print is escaped.</summary>
    static TextBuilder Quote(TextBuilder text, Text value)
    {
        var quote = value.Value.Contains('\'', StringComparison.Ordinal) && !value.Value.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        text.Append([quote]);
        foreach (var (start, end, fromCaller) in value.Runs())
        {
            for (var i = start; i < end; i++)
            {
                var isPair = i + 1 < end && char.IsSurrogatePair(value.Value[i], value.Value[i + 1]);
                text.Append(Escape(value.Value.AsSpan(i, isPair ? 2 : 1), quote), fromCaller);
                if (isPair) i++;
            }
        }
        return text.Append([quote]);
    }

    static ReadOnlySpan<char> Escape(ReadOnlySpan<char> character, char quote) => character[0] switch
    {
        '\\' => @"\\",
        '\n' => @"\n",
        '\r' => @"\r",
        '\t' => @"\t",
        var plain when plain == quote => "\\" + quote,
        _ when IsPrintable(character) => character,
        < '\x100' and var low => $"\\x{(int)low:x2}",
        var basic when character.Length == 1 => $"\\u{(int)basic:x4}",
        _ => $"\\U{char.ConvertToUtf32(character[0], character[1]):x8}",
    };

    /// <summary>Python's str.isprintable of a character: not one of Unicode's Other and Separator categories, but for the space.</summary>
    public static bool IsPrintable(ReadOnlySpan<char> character)
    {
        var category = character.Length == 2
            ? CharUnicodeInfo.GetUnicodeCategory(char.ConvertToUtf32(character[0], character[1]))
            : CharUnicodeInfo.GetUnicodeCategory(character[0]);
        return character[0] == ' ' || category is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate
            or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);
    }
}
