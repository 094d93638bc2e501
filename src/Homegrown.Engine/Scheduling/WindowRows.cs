using System.Runtime.InteropServices;
using Homegrown.Engine.Cache;
using Homegrown.Kernels.Ops;

namespace Homegrown.Engine.Scheduling;

/// <summary>
/// A step as it looks to entries that keep a key for every window of positions (<see cref="KvShape.Windows"/>): which windows end in it, how
/// many each row sees, and where both the windows' pages and the positions' are in one list. Made at the first layer that asks.
/// </summary>
public sealed class WindowRows(int number, int length)
{
    readonly RaggedRows ended = new(), seen = new(), joined = new();
    int[] firsts = new int[16], shifts = new int[16], pages = new int[64];

    /// <summary>Positions of a window.</summary>
    public int Length => length;

    /// <summary>The windows that end in this step, at their numbers, for what is written of them.</summary>
    public RaggedRows Ended => ended;

    /// <summary>First position of each of these windows, [windows].</summary>
    public ReadOnlySpan<int> Firsts => firsts.AsSpan(0, ended.Rows);

    /// <summary>Each row by itself, at the number of the last window that it sees (of none at 0), for what chooses among windows.</summary>
    public RaggedRows Seen => seen;

    /// <summary>The rows, with pages of windows before those of positions: window w is at w, position p at p + <see cref="Shift"/>.</summary>
    public RaggedRows Joined => joined;

    /// <summary>Where position 0 of a row's sequence is in <see cref="Joined"/>.</summary>
    public int Shift(int row) => shifts[row];

    /// <summary>Windows that have ended at a position: those that its row sees.</summary>
    public int Count(int position) => (position + 1) / length;

    internal void Fill(RaggedRows rows, List<KvLease> leases)
    {
        ended.Clear();
        seen.Clear();
        joined.Clear();
        if (shifts.Length < rows.Rows) shifts = new int[rows.Rows];
        for (var s = 0; s < leases.Count; s++) Add(rows.Segments[s], CollectionsMarshal.AsSpan(leases[s].WindowPages[number]), CollectionsMarshal.AsSpan(leases[s].Pages));
    }

    void Add(Segment segment, ReadOnlySpan<int> windows, ReadOnlySpan<int> positions)
    {
        var (first, count) = (segment.FirstPosition / length, PoolWindows.Ended(segment, length));
        if (firsts.Length < ended.Rows + count) Array.Resize(ref firsts, Math.Max(ended.Rows + count, firsts.Length * 2));
        for (var i = 0; i < count; i++) firsts[ended.Rows + i] = (first + i) * length;
        if (count > 0) ended.Add(count, first, windows);

        for (var row = 0; row < segment.Rows; row++)
        {
            seen.Add(1, Math.Max(0, Count(segment.FirstPosition + row) - 1), windows, generated: segment.Generated);
            shifts[segment.FirstRow + row] = windows.Length * KvCache.PageSize;
        }

        if (pages.Length < windows.Length + positions.Length) pages = new int[2 * (windows.Length + positions.Length)];
        windows.CopyTo(pages);
        positions.CopyTo(pages.AsSpan(windows.Length));
        joined.Add(segment.Rows, (windows.Length * KvCache.PageSize) + segment.FirstPosition, pages.AsSpan(0, windows.Length + positions.Length), segment.Slot, segment.Generated);
    }
}
