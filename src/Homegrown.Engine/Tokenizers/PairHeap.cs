namespace Homegrown.Engine.Tokenizers;

/// <summary>A binary heap of (priority, position), smallest first; of equal priorities the leftmost.</summary>
sealed class PairHeap
{
    long[] keys = new long[64]; // priority above position; a parent at i is not larger than its children at 2i + 1 and 2i + 2
    int count;

    /// <param name="priority">At least 0.</param>
    /// <param name="position">At least 0.</param>
    public void Push(int priority, int position)
    {
        if (count == keys.Length) Array.Resize(ref keys, 2 * count);
        var key = ((long)priority << 32) | (uint)position;
        var i = count++;
        for (; i > 0 && keys[(i - 1) / 2] > key; i = (i - 1) / 2) keys[i] = keys[(i - 1) / 2];
        keys[i] = key;
    }

    public bool TryPop(out int priority, out int position)
    {
        (priority, position) = (0, -1);
        if (count == 0) return false;
        (priority, position) = ((int)(keys[0] >> 32), (int)(keys[0] & int.MaxValue));

        var last = keys[--count];
        var i = 0;
        for (var child = 1; child < count; child = (2 * i) + 1)
        {
            if (child + 1 < count && keys[child + 1] < keys[child]) child++;
            if (keys[child] >= last) break;
            (keys[i], i) = (keys[child], child);
        }
        keys[i] = last;
        return true;
    }
}
