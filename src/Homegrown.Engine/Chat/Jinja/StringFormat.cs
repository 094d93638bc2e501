using System.Globalization;

namespace Homegrown.Engine.Chat.Jinja;

/// <summary>Python's str.format: "{} {0} {name.attribute[item]!r:>8}" (Library Reference, "Format String Syntax").</summary>
static class StringFormat
{
    public static Text Format(Text format, List<object?> positional, Dictionary<string, object?> named)
    {
        var automatic = 0;
        return Format(format, positional, named, ref automatic, isSpecification: false);
    }

    /// <param name="automatic">The position that the next "{}" stands for.</param>
    /// <param name="isSpecification">The format is the specification of a field: "{:>{width}}"; its fields have none of their own.</param>
    static Text Format(Text format, List<object?> positional, Dictionary<string, object?> named, ref int automatic, bool isSpecification)
    {
        var result = new TextBuilder();
        var (source, done) = (format.Value, 0);
        while (source.AsSpan(done).IndexOfAny('{', '}') is >= 0 and var found)
        {
            var at = done + found;
            result.Append(format, done, at - done);
            if (at + 1 < source.Length && source[at + 1] == source[at])
            {
                result.Append(format, at, 1);
                done = at + 2;
                continue;
            }
            if (source[at] == '}') throw new TemplateException("Single '}' encountered in format string");
            var end = FieldEnd(source, at + 1);
            result.Append(Field(format.Part(at + 1, end - at - 1), positional, named, ref automatic, isSpecification));
            done = end + 1;
        }
        return result.Append(format, done, source.Length - done).ToText();
    }

    static int FieldEnd(string source, int from)
    {
        var open = 1;
        for (var i = from; i < source.Length; i++)
        {
            open += source[i] switch { '{' => 1, '}' => -1, _ => 0 };
            if (open == 0) return i;
        }
        throw new TemplateException("expected '}' before end of string");
    }

    static Text Field(Text source, List<object?> positional, Dictionary<string, object?> named, ref int automatic, bool isNested)
    {
        var field = source.Value;
        var nameEnd = field.AsSpan().IndexOfAny('!', ':') is >= 0 and var mark ? mark : field.Length;
        var value = Value(field[..nameEnd], positional, named, ref automatic);
        var rest = field[nameEnd..];
        if (rest is ['!', var conversion, ..])
        {
            value = conversion switch
            {
                's' => Printing.Str(value),
                'r' or 'a' => Printing.Repr(value),
                _ => throw new TemplateException($"Unknown conversion specifier {conversion}"),
            };
            rest = rest[2..];
        }
        if (rest.Length == 0) return FormatSpec.Parse("").Apply(value);
        if (rest[0] != ':') throw new TemplateException("expected ':' after conversion specifier");
        if (isNested) throw new TemplateException("Max string recursion exceeded");
        var specification = Format(source.Part(field.Length - rest.Length + 1), positional, named, ref automatic, isSpecification: true);
        var text = FormatSpec.Parse(specification.Value).Apply(value);
        // What fills the width is then the caller's choice.
        return specification.Runs().Any(run => run.FromCaller) ? Text.FromCaller(text.Value) : text;
    }

    static object? Value(string name, List<object?> positional, Dictionary<string, object?> named, ref int automatic)
    {
        var end = name.AsSpan().IndexOfAny('.', '[') is >= 0 and var mark ? mark : name.Length;
        var first = name[..end];
        object? value;
        if (first.Length == 0 || first.All(char.IsAsciiDigit))
        {
            var index = first.Length == 0 ? automatic++ : int.Parse(first, CultureInfo.InvariantCulture);
            if (index >= positional.Count) throw new TemplateException($"Replacement index {index} out of range for positional args tuple");
            value = positional[index];
        }
        else if (!named.TryGetValue(first, out value)) throw new TemplateException($"'{first}'");

        while (end < name.Length)
        {
            var isItem = name[end] == '[';
            var stop = isItem ? name.IndexOf(']', end) : name.AsSpan(end + 1).IndexOfAny('.', '[') is >= 0 and var next ? end + 1 + next : name.Length;
            if (stop < 0) throw new TemplateException("Missing ']' in format string");
            var part = name[(end + 1)..stop];
            if (part.Length == 0) throw new TemplateException("Empty attribute in format string");
            value = isItem ? Lookup.Item(value, Lookup.IndexOrName(part)) : Lookup.Attribute(value, part);
            end = isItem ? stop + 1 : stop;
        }
        return value;
    }
}
