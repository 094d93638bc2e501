using System.Globalization;
using System.Text.RegularExpressions;

namespace Homegrown.Engine.Chat.Jinja;

/// <summary>Python's "%s is %5.2f" % values (Library Reference, "printf-style String Formatting").</summary>
static partial class PercentFormat
{
    public static Text Format(Text format, object? values)
    {
        var result = new TextBuilder();
        var given = values is TupleValue tuple ? tuple.Items : [values];
        var (used, done) = (0, 0);
        for (int at; (at = format.Value.IndexOf('%', done)) >= 0;)
        {
            result.Append(format, done, at - done);
            var field = Field().Match(format.Value, at);
            if (!field.Success) throw new TemplateException("incomplete format");
            done = at + field.Length;
            if (field.Groups["type"].Value == "%") result.Append(format, done - 1, 1);
            else
            {
                var width = field.Groups["width"].Value == "*" ? Star() : FormatSpec.Size(field.Groups["width"].Value) ?? 0;
                var precision = field.Groups["precision"].Value == "*" ? Star() : FormatSpec.Size(field.Groups["precision"].Value);
                if (field.Groups["precision"] is { Success: true, Length: 0 }) precision = 0;
                var value = field.Groups["key"].Success ? Named(values, field.Groups["key"].Value) : Next();
                result.Append(Convert(field.Groups["type"].Value[0], field.Groups["flags"].Value, width, precision, value));
            }
        }
        // What could be a mapping may stay unused.
        if (used < given.Length && values is not (DictValue or List<object?> or RangeValue or Undefined))
            throw new TemplateException("not all arguments converted during string formatting");
        return result.Append(format, done, format.Value.Length - done).ToText();

        object? Next() => used < given.Length ? given[used++] : throw new TemplateException("not enough arguments for format string");

        int Star() => FormatSpec.Size(Numbers.AsInteger(Next()).ToString(CultureInfo.InvariantCulture)) ?? 0;
    }

    static object? Named(object? values, string key) => values is not DictValue dict ? throw new TemplateException("format requires a mapping")
        : dict.TryGet(Text.Literal(key), out var value) ? value : throw new TemplateException($"'{key}'");

    static Text Convert(char type, string flags, int width, int? precision, object? value)
    {
        var isText = type is 's' or 'r' or 'a' or 'c';
        var spec = new FormatSpec
        {
            Width = width,
            Precision = type is 'c' || "diu".Contains(type, StringComparison.Ordinal) ? null : precision,
            Align = flags.Contains('-', StringComparison.Ordinal) ? '<' : flags.Contains('0', StringComparison.Ordinal) && !isText ? '=' : '>',
            Fill = flags.Contains('0', StringComparison.Ordinal) && !flags.Contains('-', StringComparison.Ordinal) && !isText ? "0" : " ",
            Sign = flags.Contains('+', StringComparison.Ordinal) ? '+' : flags.Contains(' ', StringComparison.Ordinal) ? ' ' : '-',
            IsAlternate = flags.Contains('#', StringComparison.Ordinal),
            Type = type is 'i' or 'u' ? 'd' : isText ? 's' : type,
        };
        if (value is Undefined undefined && !isText) throw undefined.Error;
        return type switch
        {
            's' => spec.Apply(Printing.Str(value)),
            'r' or 'a' => spec.Apply(Printing.Repr(value)),
            'c' => spec.Apply(value is Text { Length: 1 } ? value : Numbers.Character(Numbers.AsInteger(value))),
            _ when !Numbers.IsNumber(value) => throw new TemplateException($"%{type} format: a number is required, not {TypeNames.Of(value)}"),
            'd' or 'i' or 'u' => spec.Apply(value is double number ? checked((long)number) : Numbers.AsInteger(value)),
            'x' or 'X' or 'o' when value is double => throw new TemplateException($"%{type} format: an integer is required, not float"),
            'x' or 'X' or 'o' => spec.Apply(Numbers.AsInteger(value)),
            _ => spec.Apply(Numbers.AsDouble(value)),
        };
    }

    [GeneratedRegex(@"\G%(?:\((?<key>[^)]*)\))?(?<flags>[-+ #0]*)(?<width>\*|[0-9]*)(?:\.(?<precision>\*|[0-9]*))?[hlL]?(?<type>[sradiufFeEgGxXoc%])")]
    private static partial Regex Field();
}
