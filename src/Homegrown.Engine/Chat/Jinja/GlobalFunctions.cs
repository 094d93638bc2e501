namespace Homegrown.Engine.Chat.Jinja;

/// <summary>The functions that a template finds by name: Jinja2's, and those that transformers adds.</summary>
static class GlobalFunctions
{
    public static readonly FunctionTable Table = new()
    {
        { "cycler", "*", call => call.Rest.Count > 0 ? new Cycler(call.Rest) : throw new TemplateException("at least one item has to be provided") },
        { "dict", "*", ToDict },
        { "joiner", "sep?", Joiner },
        { "namespace", "*", call => new Namespace(ToDict(call)) },
        { "raise_exception", "message", call => throw new TemplateException(call.Str(0).Value) },
        { "range", "*", Range },
        { "strftime_now", "format", call => Strftime.Format(call.Run.Clock.GetLocalNow().DateTime, call.AsText(0)) },
    };

    /// <summary>dict(mapping or pairs, name=value, ...)</summary>
    static DictValue ToDict(Call call)
    {
        if (call.Rest.Count > 1) throw new TemplateException($"dict expected at most 1 argument, got {call.Rest.Count}");
        var dict = call.Rest switch
        {
            [] => new DictValue(),
            [DictValue mapping] => CollectionMethods.Copy(mapping),
            [var pairs] => FromPairs(call, pairs),
            _ => throw new InvalidOperationException(),
        };
        foreach (var (name, value) in DictValue.From(call.Named)) dict[name] = value;
        return dict;
    }

    static DictValue FromPairs(Call call, object? pairs)
    {
        var dict = new DictValue();
        foreach (var pair in call.Run.Iterate(pairs))
        {
            if (call.Run.Iterate(pair).Take(3).ToList() is not [var key, var value])
                throw new TemplateException("dictionary update sequence elements must have length 2");
            dict[key] = value;
        }
        return dict;
    }

    static Function Joiner(Call call)
    {
        var (separator, isUsed) = (call.AsText(0, ", "), false);
        return new Function("joiner", "", _ => (isUsed ? separator : Text.Empty, isUsed = true).Item1);
    }

    static object? Range(Call call) => call.Rest switch
    {
        _ when call.Named.Count > 0 => throw new TemplateException("range() takes no keyword arguments"),
        [var stop] => new RangeValue(0, Numbers.AsInteger(stop), 1),
        [var start, var stop] => new RangeValue(Numbers.AsInteger(start), Numbers.AsInteger(stop), 1),
        [var start, var stop, var step] => new RangeValue(Numbers.AsInteger(start), Numbers.AsInteger(stop), Numbers.AsInteger(step)),
        _ => throw new TemplateException($"range expected 1 to 3 arguments, got {call.Rest.Count}"),
    };
}
