namespace Homegrown.Engine.Chat.Jinja;

/// <summary>What is common to the values that have items: Python's len, iteration, indexing, slicing and "in".</summary>
static class Sequences
{
    public static long Length(object? value) => value switch
    {
        Text text => text.Length,
        List<object?> list => list.Count,
        TupleValue tuple => tuple.Items.Length,
        DictValue dict => dict.Count,
        DictView view => view.Count,
        RangeValue range => range.Count,
        Undefined => 0,
        _ => throw new TemplateException($"object of type '{TypeNames.Of(value)}' has no len()"),
    };

    /// <returns>Null where the value has no items.</returns>
    public static IEnumerable<object?>? Items(object? value) => value switch
    {
        Text text => Enumerable.Range(0, text.Length).Select(text.At),
        List<object?> list => list,
        TupleValue tuple => tuple.Items,
        DictValue dict => dict.Keys,
        DictView view => view.Items,
        RangeValue range => Enumerable.Range(0, range.Count).Select(index => (object?)range.At(index)),
        Generator generator => generator.Rest(),
        Undefined => [],
        _ => null,
    };

    /// <returns>Null where the value has no order to turn around.</returns>
    public static IEnumerable<object?>? Reversed(object? value) => value is Generator ? null : Items(value)?.Reverse();

    public static bool TryAt(object? value, long index, out object? item)
    {
        item = null;
        if (value is not (Text or List<object?> or TupleValue or RangeValue)) return false;
        var length = Length(value);
        if (index < 0) index += length;
        if (index < 0 || index >= length) return false;
        item = value switch
        {
            Text text => text.At((int)index),
            List<object?> list => list[(int)index],
            TupleValue tuple => tuple.Items[index],
            _ => ((RangeValue)value).At((int)index),
        };
        return true;
    }

    public static object? Slice(object? value, object? start, object? stop, object? step)
    {
        if (value is Undefined undefined) throw undefined.Error;
        if (value is not (Text or List<object?> or TupleValue or RangeValue))
            throw new TemplateException($"'{TypeNames.Of(value)}' object is not subscriptable");
        var by = step is null ? 1 : Bound(step);
        if (by == 0) throw new TemplateException("slice step cannot be zero");
        var length = (int)Length(value);
        if (by == 1)
        {
            var (from, to) = Bounds(length, start, stop);
            to = Math.Max(from, to);
            if (value is Text whole) return whole.Part(whole.Unit(from), whole.Unit(to) - whole.Unit(from));
            if (value is List<object?> list) return list[from..to];
        }
        var picked = Positions(length, start, stop, by);
        return value switch
        {
            Text text => picked.Aggregate(new TextBuilder(), (part, index) => part.Append(text.At(index))).ToText(),
            TupleValue tuple => new TupleValue([.. picked.Select(index => tuple.Items[index])]),
            RangeValue range => picked.Select(index => (object?)range.At(index)).ToList(),
            _ => picked.Select(index => ((List<object?>)value)[index]).ToList(),
        };
    }

    /// <summary>Start and stop as Python clips them, for a step of one.</summary>
    public static (int Start, int Stop) Bounds(int length, object? start, object? stop) =>
        (Clip(start, 0, length, 0, length), Clip(stop, length, length, 0, length));

    public static bool Contains(Run run, object? container, object? item)
    {
        switch (container)
        {
            case Text text when item is Text part:
                return text.Value.Contains(part.Value, StringComparison.Ordinal);
            case Text:
                throw new TemplateException($"'in <string>' requires string as left operand, not {TypeNames.Of(item)}");
            case DictValue dict:
                return dict.Contains(item);
            case DictView view:
                return view.Contains(item);
            case RangeValue range when Numbers.IsIntegral(item):
                return range.Contains(Numbers.AsInteger(item));
        }
        if (Items(container) is null) throw new TemplateException($"argument of type '{TypeNames.Of(container)}' is not iterable");
        foreach (var candidate in run.Iterate(container))
            if (Operators.AreEqual(candidate, item)) return true;
        return false;
    }

    public static List<object?> Repeat(IReadOnlyCollection<object?> items, long times)
    {
        const int most = 1_000_000;
        if (times > 0 && items.Count > most / times) throw new TemplateException($"a repeated list has more than {most} items");
        var result = new List<object?>();
        for (; times > 0; times--) result.AddRange(items);
        return result;
    }

    static IEnumerable<int> Positions(int length, object? start, object? stop, long step)
    {
        if (step > 0)
        {
            var (from, to) = Bounds(length, start, stop);
            for (long i = from; i < to; i += step) yield return (int)i;
        }
        else
        {
            var (from, to) = (Clip(start, length - 1, length, -1, length - 1), Clip(stop, -1, length, -1, length - 1));
            for (long i = from; i > to; i += step) yield return (int)i;
        }
    }

    static int Clip(object? bound, int otherwise, int length, int least, int most)
    {
        if (bound is null) return otherwise;
        var position = Bound(bound);
        if (position < 0) position += length;
        return (int)Math.Clamp(position, least, most);
    }

    static long Bound(object? bound)
    {
        if (bound is Undefined undefined) throw undefined.Error;
        if (!Numbers.IsIntegral(bound)) throw new TemplateException("slice indices must be integers or None or have an __index__ method");
        return Math.Clamp(Numbers.AsInteger(bound), -int.MaxValue, int.MaxValue);
    }
}
