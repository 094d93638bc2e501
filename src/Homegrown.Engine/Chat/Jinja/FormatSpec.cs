using System.Globalization;
using System.Text.RegularExpressions;

namespace Homegrown.Engine.Chat.Jinja;

/// <summary>
/// How str.format and % write one value: [[fill]align][sign][#][0][width][,][.precision][type] (Python's Library Reference,
/// "Format Specification Mini-Language").
/// </summary>
sealed partial record FormatSpec
{
    /// <summary>The exact digits of a double end after 1074 decimals; more are zeros.</summary>
    const int MaxDecimals = 1100;

    static readonly FormatSpec Plain = new();

    public string Fill { get; init; } = " ";

    /// <summary>'&lt;', '&gt;', '^', '=' (between sign and digits), or ' ' for the type's own.</summary>
    public char Align { get; init; } = ' ';

    /// <summary>'-', '+' or ' ': what stands before a number that is not negative.</summary>
    public char Sign { get; init; } = '-';

    /// <summary>The prefix 0x, 0o or 0b.</summary>
    public bool IsAlternate { get; init; }

    public int Width { get; init; }

    /// <summary>',' or '_' between thousands; ' ' for none.</summary>
    public char Grouping { get; init; } = ' ';

    public int? Precision { get; init; }

    /// <summary>d, f, s, ...; ' ' for the value's own.</summary>
    public char Type { get; init; } = ' ';

    public static FormatSpec Parse(string text)
    {
        var match = Grammar().Match(text);
        if (!match.Success) throw new TemplateException($"Invalid format specifier '{text}'");
        var zero = match.Groups["zero"].Success;
        return new()
        {
            Fill = match.Groups["fill"] is { Success: true, Length: > 0 } fill ? fill.Value : zero ? "0" : " ",
            Align = First("align") is var align && align == ' ' && zero ? '=' : align,
            Sign = First("sign") is ' ' && !match.Groups["sign"].Success ? '-' : First("sign"),
            IsAlternate = match.Groups["alternate"].Success,
            Width = Size(match.Groups["width"].Value) ?? 0,
            Grouping = First("grouping"),
            Precision = Size(match.Groups["precision"].Value),
            Type = First("type"),
        };

        char First(string group) => match.Groups[group].Value is [var first, ..] ? first : ' ';
    }

    /// <summary>A width or precision; nothing a prompt needs goes beyond a million.</summary>
    public static int? Size(string digits) => digits.Length == 0 ? null
        : int.TryParse(digits, CultureInfo.InvariantCulture, out var size) && size <= 1_000_000 ? size
        : throw new TemplateException($"the width or precision {digits} is too large");

    public Text Apply(object? value) => value switch
    {
        Text text => FormatText(text),
        _ when this == Plain => Printing.Str(value),
        double number => FormatFloat(number),
        _ when Numbers.IsIntegral(value) && Type is 'f' or 'F' or 'e' or 'E' or 'g' or 'G' or '%' => FormatFloat(Numbers.AsDouble(value)),
        _ when Numbers.IsIntegral(value) => FormatInteger(Numbers.AsInteger(value)),
        _ => throw new TemplateException($"unsupported format string passed to {TypeNames.Of(value)}.__format__"),
    };

    Text FormatText(Text text)
    {
        if (Type is not (' ' or 's') || Align == '=') throw Unknown(text);
        return Padded(Precision is { } most && most < text.Length ? text.Part(0, text.Unit(most)) : text, '<');
    }

    Text FormatInteger(long value)
    {
        if (Type == 'c') return Padded(Numbers.Character(value), '<');
        var magnitude = value < 0 ? (ulong)-(Int128)value : (ulong)value;
        var digits = Type switch
        {
            'x' => magnitude.ToString("x", CultureInfo.InvariantCulture),
            'X' => magnitude.ToString("X", CultureInfo.InvariantCulture),
            'b' => magnitude.ToString("b", CultureInfo.InvariantCulture),
            'o' => Octal(magnitude),
            ' ' or 'd' or 'n' => magnitude.ToString(CultureInfo.InvariantCulture),
            _ => throw Unknown(value),
        };
        return Number(value < 0, IsAlternate && Type is 'x' or 'X' or 'b' or 'o' ? "0" + Type : "", digits);
    }

    Text FormatFloat(double value)
    {
        if (Precision > MaxDecimals) throw new TemplateException($"a number with more than {MaxDecimals} decimals");
        var magnitude = Math.Abs(value);
        var digits = Type switch
        {
            'f' or 'F' => Digits.Fixed(magnitude, Precision ?? 6),
            'e' or 'E' => Digits.Scientific(magnitude, Precision ?? 6),
            'g' or 'G' or 'n' => Digits.General(magnitude, Precision ?? 6, IsAlternate),
            '%' => Digits.Fixed(magnitude * 100, Precision ?? 6) + "%",
            ' ' when Precision is null => Digits.Shortest(magnitude),
            ' ' => WithPoint(Digits.General(magnitude, Precision.Value, keepsZeros: false)),
            _ => throw Unknown(value),
        };
        return Number(double.IsNegative(value), "", char.IsAsciiLetterUpper(Type) ? digits.ToUpperInvariant() : digits);
    }

    Text Number(bool isNegative, string prefix, string digits)
    {
        var sign = (isNegative ? "-" : Sign == '-' ? "" : Sign.ToString()) + prefix;
        if (Grouping != ' ') digits = Grouped(digits);
        if (Align != '=') return Padded(Text.Literal(sign + digits), '>');
        return new TextBuilder().Append(sign).Append(Text.Literal(Fill), Width - sign.Length - digits.Length).Append(digits).ToText();
    }

    Text Padded(Text text, char ownAlign)
    {
        var missing = Math.Max(0, Width - text.Length);
        var left = (Align == ' ' ? ownAlign : Align) switch { '<' => 0, '^' => missing / 2, _ => missing };
        var fill = Text.Literal(Fill);
        return missing == 0 ? text : new TextBuilder().Append(fill, left).Append(text).Append(fill, missing - left).ToText();
    }

    string Grouped(string digits)
    {
        var whole = digits.AsSpan().IndexOfAny(".e%") is >= 0 and var end ? end : digits.Length;
        for (var i = whole - 3; i > 0; i -= 3) digits = digits.Insert(i, Grouping.ToString());
        return digits;
    }

    static string WithPoint(string digits) => digits.All(char.IsAsciiDigit) ? digits + ".0" : digits;

    static string Octal(ulong value) => (value < 8 ? "" : Octal(value / 8)) + (char)('0' + (value % 8));

    TemplateException Unknown(object? value) => new($"Unknown format code '{Type}' for object of type '{TypeNames.Of(value)}'");

    [GeneratedRegex(@"^(?:(?<fill>(?:[\uD800-\uDBFF][\uDC00-\uDFFF]|.)?)(?<align>[<>=^]))?(?<sign>[-+ ])?(?<alternate>\#)?(?<zero>0)?" +
        @"(?<width>[0-9]*)(?<grouping>[,_])?(?:\.(?<precision>[0-9]+))?(?<type>[a-zA-Z%])?\z", RegexOptions.Singleline)]
    private static partial Regex Grammar();
}
