namespace Homegrown.Engine.Chat.Jinja;

/// <summary>
/// A string that knows which of its characters the caller gave, through everything a template does with it. Nearly all strings
/// have one origin throughout, so the marks are only the places where the origin changes. Positions that templates see count
/// code points, as Python's do; positions inside the interpreter count UTF-16 units.
/// </summary>
sealed class Text
{
    /// <summary>Most UTF-16 units of any string a template makes: a guard against templates that grow one without end.</summary>
    public const int MaxLength = 1 << 25;

    public static readonly Text Empty = new("", false);

    readonly int[] flips;   // ascending positions in (0, Value.Length) where the origin changes
    int[]? starts;          // [code points] their UTF-16 positions, where the two differ
    int length = -1;

    public Text(string value, bool fromCaller, int[]? flips = null, bool isMarkup = false) =>
        (Value, StartsFromCaller, this.flips, IsMarkup) = (value, fromCaller, flips ?? [], isMarkup);

    public string Value { get; }

    /// <summary>Origin of the first character.</summary>
    public bool StartsFromCaller { get; }

    /// <summary>Jinja's Markup: adding an ordinary string to it escapes that string.</summary>
    public bool IsMarkup { get; }

    /// <summary>The number of code points.</summary>
    public int Length
    {
        get
        {
            if (Volatile.Read(ref length) < 0) Measure();
            return length;
        }
    }

    public bool IsEmpty => Value.Length == 0;

    /// <summary>All characters have one origin.</summary>
    public bool IsUniform => flips.Length == 0;

    public static Text Literal(string value) => value.Length == 0 ? Empty : new(value, false);

    public static Text FromCaller(string value) => new(value, true);

    public Text AsMarkup(bool isMarkup = true) => isMarkup == IsMarkup ? this : new(Value, StartsFromCaller, flips, isMarkup);

    /// <summary>The stretches of one origin, in order: first and end in UTF-16 units.</summary>
    public IEnumerable<(int Start, int End, bool FromCaller)> Runs()
    {
        var (start, origin) = (0, StartsFromCaller);
        foreach (var flip in flips)
        {
            yield return (start, flip, origin);
            (start, origin) = (flip, !origin);
        }
        if (start < Value.Length) yield return (start, Value.Length, origin);
    }

    /// <summary>A part, positions in UTF-16 units.</summary>
    public Text Part(int start, int count)
    {
        if (count == 0) return Empty;
        if (count == Value.Length) return this;
        var passed = FlipsUpTo(start);
        var next = passed;
        while (next < flips.Length && flips[next] < start + count) next++;
        var inside = flips[passed..next];
        for (var i = 0; i < inside.Length; i++) inside[i] -= start;
        return new(Value.Substring(start, count), StartsFromCaller ^ (passed % 2 == 1), inside);
    }

    public Text Part(int start) => Part(start, Value.Length - start);

    /// <summary>One code point, by its index.</summary>
    public Text At(int index) => Part(Unit(index), Unit(index + 1) - Unit(index));

    /// <summary>The UTF-16 position of a code point's index, which may be the end.</summary>
    public int Unit(int index) => Length == Value.Length || starts is null ? index : index == length ? Value.Length : starts[index];

    /// <summary>The code point's index of a UTF-16 position.</summary>
    public int Index(int unit)
    {
        if (Length == Value.Length || starts is null) return unit;
        if (unit >= Value.Length) return length;
        var found = Array.BinarySearch(starts, unit);
        return found < 0 ? ~found - 1 : found;
    }

    /// <summary>Rewrites the characters, each stretch of one origin on its own; the result keeps the origins.</summary>
    public Text Map(Func<string, string> rewrite)
    {
        if (IsUniform) return new(rewrite(Value), StartsFromCaller);
        var result = new TextBuilder();
        foreach (var (start, end, fromCaller) in Runs()) result.Append(rewrite(Value[start..end]), fromCaller);
        return result.ToText();
    }

    public static Text operator +(Text left, Text right)
    {
        if (left.IsEmpty) return right.AsMarkup(false);
        if (right.IsEmpty) return left.AsMarkup(false);
        return new TextBuilder().Append(left).Append(right).ToText();
    }

    public override string ToString() => Value;

    /// <summary>How many changes of origin lie at or before a position.</summary>
    int FlipsUpTo(int position)
    {
        var found = Array.BinarySearch(flips, position);
        return found < 0 ? ~found : found + 1;
    }

    void Measure()
    {
        var pairs = 0;
        for (var i = 1; i < Value.Length; i++)
            if (char.IsSurrogatePair(Value[i - 1], Value[i])) pairs++;
        if (pairs > 0)
        {
            starts = new int[Value.Length - pairs];
            for (var (i, unit) = (0, 0); i < starts.Length; i++)
            {
                starts[i] = unit;
                unit += unit + 1 < Value.Length && char.IsSurrogatePair(Value[unit], Value[unit + 1]) ? 2 : 1;
            }
        }
        // Literals are shared by renders on several threads: whoever sees the length sees the starts.
        Volatile.Write(ref length, Value.Length - pairs);
    }
}
