namespace Homegrown.Engine.Chat.Jinja;

/// <summary>
/// target.name and target[key]. Both look at attributes (methods) and at items, in that and in the opposite order; what is
/// found nowhere is Undefined. Attributes are the rows of our own tables: nothing of .NET can be reached.
/// </summary>
static class Lookup
{
    /// <summary>No such attribute; and: an optional argument that was not given.</summary>
    public static readonly object Missing = new();

    public static object? Attribute(object? target, string name)
    {
        var found = AttributeOnly(target, name);
        if (found != Missing) return found;
        var key = Text.Literal(name);
        return target is DictValue dict && dict.TryGet(key, out var value) ? value : Undefined.In(target, key);
    }

    public static object? Item(object? target, object? key)
    {
        if (target is DictValue dict)
        {
            if (key is not (List<object?> or DictValue) && dict.TryGet(key, out var value)) return value;
        }
        else if (target is Undefined undefined) throw undefined.Error;
        else if (Numbers.IsIntegral(key) && Sequences.TryAt(target, Numbers.AsInteger(key), out var item)) return item;

        var found = key is Text name ? AttributeOnly(target, name.Value) : Missing;
        return found != Missing ? found : Undefined.In(target, key);
    }

    /// <returns><see cref="Missing"/> where there is none.</returns>
    public static object? AttributeOnly(object? target, string name)
    {
        if (target is Undefined undefined) throw undefined.Error;
        var methods = target switch
        {
            Text => TextMethods.Table,
            DictValue => CollectionMethods.Dict,
            List<object?> => CollectionMethods.List,
            TupleValue => CollectionMethods.Tuple,
            _ => null,
        };
        if (methods is not null && methods.TryGetValue(name, out var method)) return new Method(method, target);
        if (CollectionMethods.Changes(target, name) || IsInternal(name)) return Undefined.Unsafe(target, name);
        return target is IHasAttributes holder ? holder.Attribute(name) : Missing;
    }

    /// <summary>A part of a path: digits alone are a position.</summary>
    public static object? IndexOrName(string part) =>
        part.Length > 0 && part.All(char.IsAsciiDigit) ? Numbers.ParseInteger(part, 10) : Text.Literal(part);

    /// <summary>What every Python object has and no template may see.</summary>
    static bool IsInternal(string name) => name is "__class__" or "__init__" or "__dict__" or "__doc__" or "__module__" or "__subclasses__"
        or "__mro__" or "__bases__" or "__globals__" or "__getattribute__" or "__reduce__" or "__reduce_ex__";

    /// <summary>What a filter's attribute argument means: "a.b.0", a position, or nothing at all.</summary>
    public static Func<object?, object?> Path(object? attribute, object? otherwise = null)
    {
        object?[] parts = attribute switch
        {
            null => [],
            Text path => [.. path.Value.Split('.').Select(IndexOrName)],
            _ => [attribute],
        };
        return item =>
        {
            foreach (var part in parts)
            {
                item = Item(item, part);
                if (otherwise is not null && item is Undefined) item = otherwise;
            }
            return item;
        };
    }
}
