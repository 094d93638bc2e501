using System.Text;

namespace Homegrown.Engine.Tokenizers.PreTokenizers;

/// <summary>A set of characters as a regex writes it: classes, and ranges such as "A-Za-z0-9".</summary>
sealed class CodePointSet
{
    readonly CharClass classes;
    readonly List<(int First, int Last)> ranges = [];

    /// <param name="ranges">Characters and first-last ranges; a hyphen between two characters always makes a range.</param>
    public CodePointSet(CharClass classes, string ranges = "")
    {
        this.classes = classes;
        int[] points = [.. ranges.EnumerateRunes().Select(rune => rune.Value)];
        for (var i = 0; i < points.Length; i++)
        {
            var isRange = i + 2 < points.Length && points[i + 1] == '-';
            this.ranges.Add((points[i], points[isRange ? i + 2 : i]));
            if (isRange) i += 2;
        }
        this.ranges.Sort();
    }

    /// <summary>Whether the character at <paramref name="at"/> is in the set, and its length in UTF-16 units.</summary>
    public bool Contains(ReadOnlySpan<char> text, int at, out int length)
    {
        if ((CharClasses.At(text, at, out length) & classes) != 0) return true;
        if (ranges.Count == 0) return false;
        var point = length == 2 ? char.ConvertToUtf32(text[at], text[at + 1]) : text[at];
        var (low, high) = (0, ranges.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (ranges[middle].Last < point) low = middle + 1;
            else high = middle;
        }
        return low < ranges.Count && ranges[low].First <= point;
    }
}
