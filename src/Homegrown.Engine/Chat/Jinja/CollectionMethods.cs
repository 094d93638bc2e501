namespace Homegrown.Engine.Chat.Jinja;

/// <summary>Methods of dict, list and tuple; those that change their object are refused, as in Jinja2's immutable sandbox.</summary>
static class CollectionMethods
{
    public static readonly FunctionTable Dict = new()
    {
        { "get", "self key default?", call => ((DictValue)call[0]!).TryGet(call[1], out var value) ? value : call.Or(2, null) },
        { "items", "self", call => new DictView("dict_items", (DictValue)call[0]!) },
        { "keys", "self", call => new DictView("dict_keys", (DictValue)call[0]!) },
        { "values", "self", call => new DictView("dict_values", (DictValue)call[0]!) },
        { "copy", "self", call => Copy((DictValue)call[0]!) },
    };

    public static readonly FunctionTable List = new()
    {
        { "count", "self value", Count },
        { "index", "self value start? stop?", Index },
        { "copy", "self", call => new List<object?>((List<object?>)call[0]!) },
    };

    public static readonly FunctionTable Tuple = new()
    {
        { "count", "self value", Count },
        { "index", "self value start? stop?", Index },
    };

    public static bool Changes(object? target, string name) => target switch
    {
        DictValue => name is "clear" or "pop" or "popitem" or "setdefault" or "update",
        List<object?> => name is "append" or "clear" or "pop" or "reverse" or "insert" or "sort" or "extend" or "remove",
        _ => false,
    };

    public static DictValue Copy(DictValue source)
    {
        var copy = new DictValue();
        foreach (var (key, value) in source) copy[key] = value;
        return copy;
    }

    static object? Count(Call call) => (long)call.Items(0).Count(item => Operators.AreEqual(item, call[1]));

    static object? Index(Call call)
    {
        var items = call.Items(0).ToList();
        var (start, stop) = Sequences.Bounds(items.Count, call.Or(2, null), call.Or(3, null));
        for (var i = start; i < stop; i++)
            if (Operators.AreEqual(items[i], call[1])) return (long)i;
        throw new TemplateException($"{Printing.Repr(call[1])} is not in {TypeNames.Of(call[0])}");
    }
}
