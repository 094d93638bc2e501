using System.Collections;

namespace Homegrown.Engine.Chat.Jinja;

/// <summary>Something that looks up its own attributes.</summary>
interface IHasAttributes
{
    /// <returns><see cref="Lookup.Missing"/> where there is none of that name.</returns>
    object? Attribute(string name);
}

/// <summary>
/// A name, attribute or item that is not there. It prints as nothing, is false and has no items; anything else done with it
/// is an error with the message that says what was missing.
/// </summary>
sealed class Undefined(string message)
{
    public TemplateException Error => new(message);

    /// <param name="key">What was asked for: a name in most cases.</param>
    public static Undefined In(object? target, object? key) => new(key is Text name
        ? $"'{TypeNames.Long(target)}' has no attribute {Printing.Repr(name)}"
        : $"{TypeNames.Long(target)} has no element {Printing.Repr(key)}");

    /// <summary>Methods that change a list or a dict, and Python's own insides, are not for templates.</summary>
    public static Undefined Unsafe(object? target, string name) =>
        new($"access to attribute '{name}' of '{TypeNames.Of(target)}' object is unsafe.");
}

/// <param name="fieldNames">For the tuples of groupby, whose parts have names.</param>
sealed class TupleValue(object?[] items, string[]? fieldNames = null) : IHasAttributes
{
    public object?[] Items { get; } = items;

    public object? Attribute(string name) => fieldNames is not null && Array.IndexOf(fieldNames, name) is >= 0 and var index ? Items[index] : Lookup.Missing;
}

/// <summary>A dict's key: None is a key like others, 1, 1.0 and True are one key, a list is none.</summary>
readonly struct Key(object? value) : IEquatable<Key>
{
    public object? Value { get; } = value;

    public bool Equals(Key other) => Operators.AreEqual(Value, other.Value);

    public override bool Equals(object? obj) => obj is Key other && Equals(other);

    public override int GetHashCode() => Operators.Hash(Value);
}

/// <summary>Python's dict, in the order of insertion.</summary>
sealed class DictValue : IEnumerable<KeyValuePair<object?, object?>>
{
    readonly OrderedDictionary<Key, object?> items = [];

    public int Count => items.Count;

    public IEnumerable<object?> Keys => items.Keys.Select(key => key.Value);

    public IEnumerable<object?> Values => items.Values;

    public object? this[object? key]
    {
        set => items[new(key)] = value;
    }

    /// <summary>Keyword arguments, whose names may have come from a dict of the caller's through **.</summary>
    public static DictValue From(IEnumerable<KeyValuePair<string, object?>> named)
    {
        var dict = new DictValue();
        foreach (var (name, value) in named) dict[Text.FromCaller(name)] = value;
        return dict;
    }

    public bool TryGet(object? key, out object? value) => items.TryGetValue(new(key), out value);

    public bool Contains(object? key) => items.ContainsKey(new(key));

    public IEnumerator<KeyValuePair<object?, object?>> GetEnumerator()
    {
        foreach (var (key, value) in items) yield return new(key.Value, value);
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>What keys(), values() and items() give.</summary>
sealed class DictView(string kind, DictValue dict)
{
    public string Kind { get; } = kind;

    public int Count => dict.Count;

    public IEnumerable<object?> Items => Kind switch
    {
        "dict_keys" => dict.Keys,
        "dict_values" => dict.Values,
        _ => dict.Select(item => new TupleValue([item.Key, item.Value])),
    };

    public bool Contains(object? value) => Kind == "dict_keys" ? dict.Contains(value) : Items.Any(item => Operators.AreEqual(item, value));
}

/// <summary>Items that are computed as they are asked for, once: what map, select and their like give.</summary>
sealed class Generator(IEnumerable<object?> items)
{
    readonly IEnumerator<object?> source = items.GetEnumerator();

    public IEnumerable<object?> Rest()
    {
        while (source.MoveNext()) yield return source.Current;
    }
}

sealed class RangeValue(long start, long stop, long step)
{
    /// <summary>Jinja2's sandbox allows no longer ones.</summary>
    const int MaxCount = 100_000;

    public int Count { get; } = Size(start, stop, step);

    public long At(int index) => start + (index * step);

    public bool Contains(long value) => Count > 0 && (value - start) % step == 0 && (value - start) / step is >= 0 and var index && index < Count;

    public override string ToString() => step == 1 ? $"range({start}, {stop})" : $"range({start}, {stop}, {step})";

    static int Size(long start, long stop, long step)
    {
        if (step == 0) throw new TemplateException("range() arg 3 must not be zero");
        var distance = step > 0 ? (Int128)stop - start : (Int128)start - stop;
        var count = distance <= 0 ? 0 : ((distance - 1) / Int128.Abs(step)) + 1;
        return count <= MaxCount ? (int)count
            : throw new TemplateException($"Range too big. The sandbox blocks ranges larger than MAX_RANGE ({MaxCount}).");
    }
}

/// <summary>The one thing a template may change from within a loop: {% set space.name = value %}.</summary>
sealed class Namespace(DictValue attributes) : IHasAttributes
{
    public DictValue Attributes { get; } = attributes;

    public object? Attribute(string name) => Attributes.TryGet(Text.Literal(name), out var value) ? value : Lookup.Missing;
}

/// <summary>The global cycler: gives its values in turn.</summary>
sealed class Cycler(List<object?> values) : IHasAttributes
{
    int position;

    public object? Attribute(string name) => name switch
    {
        "current" => values[position],
        "next" => new Function("next", "", _ => (values[position], position = (position + 1) % values.Count).Item1),
        "reset" => new Function("reset", "", _ => { position = 0; return null; }),
        _ => Lookup.Missing,
    };
}
