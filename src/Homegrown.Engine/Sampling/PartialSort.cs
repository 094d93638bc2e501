namespace Homegrown.Engine.Sampling;

/// <summary>
/// Puts the best of many in order without sorting the rest. The order is total (largest key first, equal keys by lower item), so
/// the result does not depend on where an element lay before.
/// </summary>
static class PartialSort
{
    const int SmallestStride = 64;

    /// <summary>Makes place <paramref name="rank"/> final, sorting ahead in growing strides for a caller that walks best first.</summary>
    /// <param name="keys">Keys, of which the first <paramref name="sorted"/> are already in their final place.</param>
    /// <param name="items">What belongs to the keys; moves with them.</param>
    /// <param name="sorted">How many are in place: before the call and after it.</param>
    /// <param name="rank">A place below the number of keys.</param>
    public static void Reach(Span<double> keys, Span<int> items, ref int sorted, int rank)
    {
        if (rank < sorted) return;
        var target = (int)Math.Min(keys.Length, Math.Max(SmallestStride, 4L * rank));
        BestFirst(keys[sorted..], items[sorted..], target - sorted);
        sorted = target;
    }

    /// <summary>
    /// Moves the <paramref name="count"/> best to the front, in order. A stretch at the front holds the best so far and a buffer
    /// of those that beat the worst of them; whenever it is full it is sorted, which raises the bar. Each element is looked at
    /// once and few pass the bar, so time is linear for few of many.
    /// </summary>
    public static void BestFirst(Span<double> keys, Span<int> items, int count)
    {
        if (count <= 0) return;
        if (count >= keys.Length / 4)
        {
            Sort(keys, items);
            return;
        }
        var full = count + Math.Max(count, SmallestStride);
        var filled = count;
        Sort(keys[..filled], items[..filled]);
        var (barKey, barItem) = (keys[count - 1], items[count - 1]);
        for (var i = count; i < keys.Length; i++)
        {
            if (keys[i] < barKey || (keys[i] == barKey && items[i] > barItem)) continue;
            (keys[i], keys[filled]) = (keys[filled], keys[i]);
            (items[i], items[filled]) = (items[filled], items[i]);
            if (++filled < full) continue;
            Sort(keys[..filled], items[..filled]);
            filled = count;
            (barKey, barItem) = (keys[count - 1], items[count - 1]);
        }
        Sort(keys[..filled], items[..filled]);
    }

    static void Sort(Span<double> keys, Span<int> items)
    {
        keys.Sort(items);
        keys.Reverse();
        items.Reverse();
        for (int start = 0, end; start < keys.Length; start = end)
        {
            end = start + 1;
            while (end < keys.Length && keys[end] == keys[start]) end++;
            if (end - start > 1) items[start..end].Sort();
        }
    }
}
