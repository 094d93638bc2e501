namespace Homegrown.Kernels.Ops;

/// <summary>
/// Which positions each row of a step attends to, where something has chosen them: a list for each row, or several, each for as many
/// neighbouring heads of queries, in that order. Filled anew every step; it grows and never shrinks, so a steady state allocates nothing.
/// </summary>
public sealed class KeyChoice
{
    int[] positions = new int[256];
    int[] ends = new int[16];
    int count;

    /// <summary>Lists that were added.</summary>
    public int Lists { get; private set; }

    /// <summary>All lists, one after the other.</summary>
    internal ReadOnlySpan<int> Positions => positions.AsSpan(0, count);

    public void Clear() => (Lists, count) = (0, 0);

    /// <summary>The positions of a list.</summary>
    public ReadOnlySpan<int> this[int list] => positions.AsSpan(Start(list), Length(list));

    /// <summary>Adds the next list: room for so many positions, to be filled in ascending order.</summary>
    public Span<int> Add(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Grow(ref positions, checked(count + length));
        Grow(ref ends, Lists + 1);
        count += length;
        ends[Lists++] = count;
        return positions.AsSpan(count - length, length);
    }

    /// <summary>Where a list starts among the positions.</summary>
    internal int Start(int list) => list == 0 ? 0 : ends[list - 1];

    internal int Length(int list) => ends[list] - Start(list);

    static void Grow(ref int[] array, int length)
    {
        if (array.Length < length) Array.Resize(ref array, Math.Max(length, array.Length * 2));
    }
}
