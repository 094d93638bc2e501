namespace Homegrown.Engine.Sampling;

/// <summary>
/// Finds the shortest best-first prefix that holds a given mass, without sorting: quickselect (Hoare 1961) that goes on into the
/// part where the running sum reaches the mass. Linear time on average. The order is that of <see cref="PartialSort"/>.
/// </summary>
static class MassSelection
{
    /// <summary>Moves the prefix to the front, in any order, and gives its length; all where the weights do not reach the mass.</summary>
    /// <param name="keys">Largest first.</param>
    /// <param name="items">What belongs to the keys; of equal keys the lowest item first.</param>
    /// <param name="weights">What the items weigh, none negative.</param>
    /// <param name="mass">What the prefix weighs at least.</param>
    public static int Reach(Span<double> keys, Span<int> items, Span<double> weights, double mass)
    {
        var (low, high, sum) = (0, keys.Length, 0.0);
        while (high - low > 1)
        {
            var split = low + Partition(keys[low..high], items[low..high], weights[low..high]);
            var reached = sum;
            foreach (var weight in weights[low..split]) reached += weight;
            if (reached >= mass) high = split;
            else (low, sum) = (split, reached);
        }
        return high;
    }

    // Moves the better ones before the others and gives their number: at least one, and not all.
    static int Partition(Span<double> keys, Span<int> items, Span<double> weights)
    {
        var (pivotKey, pivotItem) = (keys[(keys.Length - 1) / 2], items[(keys.Length - 1) / 2]);
        for (int i = 0, j = keys.Length - 1; ; i++, j--)
        {
            while (keys[i] > pivotKey || (keys[i] == pivotKey && items[i] < pivotItem)) i++;
            while (keys[j] < pivotKey || (keys[j] == pivotKey && items[j] > pivotItem)) j--;
            if (i >= j) return j + 1;
            (keys[i], keys[j]) = (keys[j], keys[i]);
            (items[i], items[j]) = (items[j], items[i]);
            (weights[i], weights[j]) = (weights[j], weights[i]);
        }
    }
}
