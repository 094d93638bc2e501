namespace Homegrown.Engine.Tokenizers.Unicode;

/// <summary>The scripts of Unicode by name.</summary>
static class Scripts
{
    static readonly Lazy<Dictionary<string, CodePoints>> ByName = new(() =>
        Resources.Read("scripts.txt").ToDictionary(line => line.Key, line => CodePoints.Parse(line.Value), StringComparer.OrdinalIgnoreCase));

    static readonly Lazy<(int First, int Last, int Script)[]> Ranges = new(Order);

    /// <summary>The characters of a script, or null where there is no script of that name.</summary>
    public static CodePoints? Find(string name) => ByName.Value.GetValueOrDefault(name);

    /// <summary>A number for the script of a character: equal for equal scripts, -1 for none.</summary>
    public static int Of(int point)
    {
        var ranges = Ranges.Value;
        var (low, high) = (0, ranges.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (ranges[middle].Last < point) low = middle + 1;
            else high = middle;
        }
        return low < ranges.Length && ranges[low].First <= point ? ranges[low].Script : -1;
    }

    static (int, int, int)[] Order()
    {
        var ranges = new List<(int First, int Last, int Script)>();
        foreach (var (script, points) in ByName.Value.Values.Index())
            for (var i = 0; i < points.Bounds.Length; i += 2) ranges.Add((points.Bounds[i], points.Bounds[i + 1] - 1, script));
        ranges.Sort();
        return [.. ranges];
    }
}
