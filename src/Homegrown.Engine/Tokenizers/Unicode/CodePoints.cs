using System.Globalization;
using System.Text;

namespace Homegrown.Engine.Tokenizers.Unicode;

/// <summary>A set of code points, immutable: where it begins and ends, in ascending order. Surrogates are in no set.</summary>
sealed class CodePoints
{
    const int Limit = 0x110000;

    public static readonly CodePoints None = new([]), All = new([0, 0xD800, 0xE000, Limit]);

    // Of every code point, read once: some 5 ms, which a vocabulary without regexes does not pay.
    static readonly Lazy<(int First, UnicodeCategory Category)[]> Categories = new(ReadCategories);

    readonly int[] bounds; // those at even places begin a range, those at odd places are the first beyond it

    CodePoints(int[] bounds) => this.bounds = bounds;

    /// <summary>The places where membership changes, ascending.</summary>
    public ReadOnlySpan<int> Bounds => bounds;

    public bool IsEmpty => bounds.Length == 0;

    public static CodePoints Range(int first, int last) => first > last ? None : All.And(new([first, last + 1]));

    public static CodePoints Of(int point) => Range(point, point);

    /// <summary>Hexadecimal points and ranges with spaces between: "9-D 20".</summary>
    public static CodePoints Parse(string ranges)
    {
        var bounds = new List<int>();
        foreach (var range in ranges.Split(' '))
        {
            var dash = range.IndexOf('-');
            var last = int.Parse(range.AsSpan(dash + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            bounds.Add(dash < 0 ? last : int.Parse(range.AsSpan(0, dash), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
            bounds.Add(last + 1);
        }
        return new([.. bounds]);
    }

    /// <summary>The characters of these categories (.NET 10: Unicode 16).</summary>
    public static CodePoints Where(Func<UnicodeCategory, bool> category)
    {
        var bounds = new List<int>();
        foreach (var (first, its) in Categories.Value)
            if (category(its) == (bounds.Count % 2 == 0)) bounds.Add(first);
        if (bounds.Count % 2 == 1) bounds.Add(Limit);
        return new CodePoints([.. bounds]).And(All);
    }

    public bool Contains(int point)
    {
        var at = Array.BinarySearch(bounds, point);
        return at >= 0 ? at % 2 == 0 : ~at % 2 == 1;
    }

    public CodePoints Or(CodePoints other) => Combine(other, static (a, b) => a || b);

    public CodePoints And(CodePoints other) => Combine(other, static (a, b) => a && b);

    public CodePoints Except(CodePoints other) => Combine(other, static (a, b) => a && !b);

    public CodePoints Not() => All.Except(this);

    CodePoints Combine(CodePoints other, Func<bool, bool, bool> keep)
    {
        var (mine, theirs, result) = (0, 0, new List<int>());
        while (mine < bounds.Length || theirs < other.bounds.Length)
        {
            var at = Math.Min(mine < bounds.Length ? bounds[mine] : Limit, theirs < other.bounds.Length ? other.bounds[theirs] : Limit);
            if (mine < bounds.Length && bounds[mine] == at) mine++;
            if (theirs < other.bounds.Length && other.bounds[theirs] == at) theirs++;
            if (keep(mine % 2 == 1, theirs % 2 == 1) == (result.Count % 2 == 0)) result.Add(at);
        }
        return new([.. result]);
    }

    static (int, UnicodeCategory)[] ReadCategories()
    {
        var runs = new List<(int First, UnicodeCategory Category)>();
        for (var point = 0; point < Limit; point++)
        {
            var category = CharUnicodeInfo.GetUnicodeCategory(point);
            if (runs.Count == 0 || runs[^1].Category != category) runs.Add((point, category));
        }
        return [.. runs];
    }
}
