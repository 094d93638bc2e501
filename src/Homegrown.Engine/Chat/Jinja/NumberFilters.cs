namespace Homegrown.Engine.Chat.Jinja;

/// <summary>Jinja2's filters on numbers, and those that make them.</summary>
static class NumberFilters
{
    public static readonly FunctionTable Table = new()
    {
        { "abs", "value", call => call[0] switch { double number => (object)Math.Abs(number), var integer => Math.Abs(Numbers.AsInteger(integer)) } },
        { "filesizeformat", "value binary?", FileSize },
        { "float", "value default?", call => ToFloat(call[0]) ?? call.Or(1, 0.0) },
        { "int", "value default? base?", call => ToInteger(call[0], call.Integer(2, 10)) ?? call.Or(1, 0L) },
        { "round", "value precision? method?", Round },
        { "sum", "iterable attribute? start?", Sum },
    };

    /// <returns>Null where the value is no number and spells none.</returns>
    static object? ToInteger(object? value, long numberBase)
    {
        if (value is Text text && Numbers.ParseInteger(text.Value, numberBase) is { } parsed) return parsed;
        if (Numbers.IsIntegral(value)) return Numbers.AsInteger(value);
        return ToFloat(value) switch
        {
            null or double.NaN => null,
            double.PositiveInfinity or double.NegativeInfinity when value is Text => null,
            double.PositiveInfinity or double.NegativeInfinity => throw new TemplateException("cannot convert float infinity to integer"),
            var number => checked((long)number.Value),
        };
    }

    static double? ToFloat(object? value) => value switch
    {
        Text text => Numbers.ParseFloat(text.Value),
        Undefined undefined => throw undefined.Error,
        _ => Numbers.IsNumber(value) ? Numbers.AsDouble(value) : null,
    };

    static object? Round(Call call)
    {
        var (precision, method) = (call.Integer(1, 0), call.AsText(2, "common").Value);
        if (method is not ("common" or "ceil" or "floor")) throw new TemplateException("method must be common, ceil or floor");
        if (call[0] is Undefined undefined) throw undefined.Error;
        if (!Numbers.IsNumber(call[0])) throw new TemplateException($"type {TypeNames.Of(call[0])} doesn't define __round__ method");
        if (method == "common") return call.Has(1) || call[0] is double ? Numbers.Round(call[0], precision) : Numbers.AsInteger(call[0]);
        var scale = Math.Pow(10, precision);
        var scaled = Numbers.AsDouble(call[0]) * scale;
        return (method == "ceil" ? Math.Ceiling(scaled) : Math.Floor(scaled)) / scale;
    }

    static object? Sum(Call call)
    {
        var path = Lookup.Path(call.Or(1, null));
        var sum = call.Or(2, 0L);
        if (sum is Text) throw new TemplateException("sum() can't sum strings [use ''.join(seq) instead]");
        foreach (var item in call.Items(0)) sum = call.Run.Made(Operators.Add(sum, path(item)));
        return sum;
    }

    static object? FileSize(Call call)
    {
        var size = ToFloat(call[0]) ?? throw new TemplateException($"could not convert {TypeNames.Of(call[0])} to float");
        var (unit, isBinary) = (call.Flag(1) ? 1024.0 : 1000.0, call.Flag(1));
        if (size == 1) return Text.Literal("1 Byte");
        if (size < unit) return Text.Literal($"{checked((long)size)} Bytes");
        string[] prefixes = [isBinary ? "KiB" : "kB", .. "MGTPEZY".Select(letter => isBinary ? letter + "iB" : letter + "B")];
        var step = 0;
        for (size /= unit; size >= unit && step < prefixes.Length - 1; step++) size /= unit;
        return Text.Literal($"{Digits.Fixed(size, 1)} {prefixes[step]}");
    }
}
