namespace Homegrown.Engine.Cache;

/// <summary>What a sequence holds of a <see cref="KvCache"/>: given by its TryReserve, taken back by its Release.</summary>
public sealed class KvLease
{
    /// <summary>Pages in the order of positions.</summary>
    public List<int> Pages { get; } = [];

    /// <summary>For each of <see cref="KvShape.Windows"/> pages in the order of windows, whose places are theirs.</summary>
    public List<List<int>> WindowPages { get; } = [];

    /// <summary>Of its pages the first so many are kept for others too, the last of them as <see cref="Last"/>.</summary>
    internal int Kept { get; set; }

    internal PrefixNode? Last { get; set; }

    /// <summary>Where its recurrent states are; -1 while it has none.</summary>
    public int Slot { get; internal set; } = -1;
}
