using System.Runtime.ExceptionServices;

namespace Homegrown.Engine.Chat.Jinja;

/// <summary>Jinja2's filters on lists and dicts that look at, order and cut them.</summary>
static class SequenceFilters
{
    public static readonly FunctionTable Table = new()
    {
        { "attr", "obj name", Attribute },
        { "batch", "value linecount fill_with?", call => new Generator(Batch(call)) },
        { "count", "value", call => Sequences.Length(call[0]) },
        { "d", "value default_value? boolean?", Default },
        { "default", "value default_value? boolean?", Default },
        { "dictsort", "value case_sensitive? by? reverse?", DictSort },
        { "first", "seq", call => First(call.Items(0), "first") },
        { "groupby", "value attribute default? case_sensitive?", GroupBy },
        { "items", "value", call => new Generator(Items(call)) },
        { "join", "value d? attribute?", Join },
        { "last", "seq", Last },
        { "length", "value", call => Sequences.Length(call[0]) },
        { "list", "value", call => call.Items(0).ToList() },
        { "max", "value case_sensitive? attribute?", call => Extreme(call, ">") },
        { "min", "value case_sensitive? attribute?", call => Extreme(call, "<") },
        { "reverse", "value", Reverse },
        { "slice", "value slices fill_with?", call => new Generator(Slice(call)) },
        { "sort", "value reverse? case_sensitive? attribute?", Sort },
        { "unique", "value case_sensitive? attribute?", call => new Generator(Unique(call)) },
    };

    static object? Default(Call call) => call[0] is Undefined || (call.Flag(2) && !Operators.IsTrue(call[0])) ? call.Or(1, Text.Empty) : call[0];

    /// <summary>The attribute of that name, but not an item: a dict's keys do not count.</summary>
    static object? Attribute(Call call)
    {
        var value = Lookup.AttributeOnly(call[0], call.AsText(1).Value);
        return value != Lookup.Missing ? value : Undefined.In(call[0], call[1]);
    }

    static object? First(IEnumerable<object?> items, string which)
    {
        foreach (var item in items) return item;
        return new Undefined($"No {which} item, sequence was empty.");
    }

    static object? Last(Call call) => Sequences.TryAt(call[0], -1, out var last) ? last
        : First(Sequences.Reversed(call[0]) ?? throw new TemplateException($"'{TypeNames.Of(call[0])}' object is not reversible"), "last");

    static IEnumerable<object?> Items(Call call)
    {
        if (call[0] is Undefined) yield break;
        var dict = call[0] as DictValue ?? throw new TemplateException("Can only get item pairs from a mapping.");
        foreach (var item in new DictView("dict_items", dict).Items) yield return item;
    }

    static object? Join(Call call)
    {
        var path = Lookup.Path(call.Or(2, null));
        return TextMethods.Join(call.Has(1) ? call.Str(1) : Text.Empty, call.Items(0).Select(item => Printing.Str(path(item))));
    }

    static object? Reverse(Call call)
    {
        if (call[0] is Text) return Sequences.Slice(call[0], null, null, -1L);
        return new Generator(Sequences.Reversed(call[0]) ?? call.Items(0).Reverse());
    }

    static IEnumerable<object?> Batch(Call call)
    {
        var (size, row) = (call.Integer(1), new List<object?>());
        foreach (var item in call.Items(0))
        {
            if (row.Count == size)
            {
                yield return row;
                row = [];
            }
            row.Add(item);
        }
        if (row.Count == 0) yield break;
        if (call.IsGiven(2)) row.AddRange(Sequences.Repeat([call[2]], size - row.Count));
        yield return row;
    }

    static IEnumerable<object?> Slice(Call call)
    {
        var (items, slices) = (call.Items(0).ToList(), call.Integer(1));
        if (slices == 0) throw new TemplateException("integer division or modulo by zero");
        var (each, longer, start) = ((int)(items.Count / slices), items.Count % slices, 0);
        for (var i = 0L; i < slices; i++)
        {
            call.Run.Spend(1);
            var slice = items.GetRange(start, i < longer ? each + 1 : each);
            start += slice.Count;
            if (call.IsGiven(2) && i >= longer) slice.Add(call[2]);
            yield return slice;
        }
    }

    static IEnumerable<object?> Unique(Call call)
    {
        var (key, seen) = (SortKey(call.Or(2, null), call.Flag(1)), new HashSet<Key>());
        foreach (var item in call.Items(0))
            if (seen.Add(new(key(item)))) yield return item;
    }

    static object? Sort(Call call)
    {
        // "a,b" sorts by a and, where it is the same, by b.
        var paths = call.Or(3, null) is Text attributes ? [.. attributes.Value.Split(',').Select(Text.Literal)] : new[] { call.Or(3, null) };
        var keys = paths.Select(path => SortKey(path, call.Flag(2))).ToArray();
        return Sorted(call.Items(0), item => new TupleValue(Array.ConvertAll(keys, key => key(item))), call.Flag(1));
    }

    static object? DictSort(Call call)
    {
        var position = call.AsText(2, "key").Value switch
        {
            "key" => 0,
            "value" => 1,
            _ => throw new TemplateException("You can only sort by either \"key\" or \"value\""),
        };
        if (call[0] is Undefined undefined) throw undefined.Error;
        var dict = call[0] as DictValue ?? throw new TemplateException($"'{TypeNames.Of(call[0])}' object has no attribute 'items'");
        return Sorted(new DictView("dict_items", dict).Items, SortKey((long)position, call.Flag(1)), call.Flag(3));
    }

    static object? GroupBy(Call call)
    {
        var otherwise = call.Or(2, null);
        var (key, path) = (SortKey(call[1], call.Flag(3), otherwise), Lookup.Path(call[1], otherwise));
        var groups = new List<object?>();
        object? last = Lookup.Missing;
        foreach (var item in Sorted(call.Items(0), key, isReversed: false))
        {
            if (last == Lookup.Missing || !Operators.AreEqual(last, key(item)))
                groups.Add(new TupleValue([path(item), new List<object?>()], ["grouper", "list"]));
            last = key(item);
            ((List<object?>)((TupleValue)groups[^1]!).Items[1]!).Add(item);
        }
        return groups;
    }

    static object? Extreme(Call call, string symbol)
    {
        var key = SortKey(call.Or(2, null), call.Flag(1));
        object? best = new Undefined("No aggregated item, sequence was empty."), bestKey = Lookup.Missing;
        foreach (var item in call.Items(0))
        {
            var candidate = key(item);
            if (bestKey == Lookup.Missing || Operators.Compare(call.Run, symbol, candidate, bestKey)) (best, bestKey) = (item, candidate);
        }
        return best;
    }

    /// <summary>What an item is compared by: an attribute perhaps, strings without regard to case unless asked.</summary>
    static Func<object?, object?> SortKey(object? attribute, bool isCaseSensitive, object? otherwise = null)
    {
        var path = Lookup.Path(attribute, otherwise);
        return item => path(item) is var key && key is Text text && !isCaseSensitive ? Casing.Lower(text) : key;
    }

    /// <summary>Sorted as Python sorts: equal items keep their order, reversed or not.</summary>
    static List<object?> Sorted(IEnumerable<object?> items, Func<object?, object?> key, bool isReversed)
    {
        var comparer = Comparer<object?>.Create((a, b) => Operators.Order("<", a, b) ?? 0);
        try
        {
            return [.. isReversed ? items.OrderByDescending(key, comparer) : items.OrderBy(key, comparer)];
        }
        catch (InvalidOperationException problem) when (problem.InnerException is { } inner)
        {
            ExceptionDispatchInfo.Throw(inner);     // the sorter wraps what the comparison throws
            throw;
        }
    }
}
