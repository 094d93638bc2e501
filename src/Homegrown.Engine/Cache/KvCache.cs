using Homegrown.Kernels.Memory;

namespace Homegrown.Engine.Cache;

/// <summary>
/// What a model keeps of all sequences: of their positions in pages of <see cref="PageSize"/> (paged attention: Kwon et al. 2023,
/// arXiv 2309.06180), and recurrent states in a slot for each. A page number means the same page in every entry. Memory is
/// touched when a page or slot is first written.
/// </summary>
public sealed class KvCache : IDisposable
{
    /// <summary>Positions in a page: long enough that a head's keys are read in one stretch, short enough to waste little.</summary>
    public const int PageSize = KvPages.PageSize;

    readonly KvShape shape;
    readonly KvPages[] entries;
    readonly StateSlots states;
    readonly Stack<int> freePages, freeSlots;

    /// <param name="positions">Positions that all sequences together can keep, rounded up to whole pages.</param>
    /// <param name="sequences">Sequences that can have recurrent states at the same time.</param>
    public KvCache(KvShape shape, int positions, KvType type, int sequences = 1)
    {
        this.shape = shape;
        Pages = shape.PagesFor(positions, sequences);
        entries = [.. shape.Entries.Select(entry => new KvPages(Pages, entry, type))];
        states = new StateSlots(shape.StateFloats > 0 ? sequences : 0, shape.StateFloats);
        freePages = new Stack<int>(Enumerable.Range(0, Pages).Reverse());
        freeSlots = new Stack<int>(Enumerable.Range(0, states.Slots).Reverse());
    }

    public int Pages { get; }

    /// <summary>Of all pages and slots.</summary>
    public long Bytes => entries.Sum(entry => entry.Bytes) + states.Bytes;

    public int FreePages => freePages.Count;

    /// <summary>Sequences with recurrent states that can still begin.</summary>
    public int FreeSlots => freeSlots.Count;

    /// <summary>Pages that <paramref name="positions"/> positions need.</summary>
    public static int PagesFor(int positions) => (int)((positions + (long)PageSize - 1) / PageSize);

    internal KvPages Entry(int entry) => entries[entry];

    internal int WindowLength(int number) => shape.Windows[number];

    internal RecurrentState State(int state) => shape.State(state, states);

    /// <summary>
    /// Gives a sequence pages until it has room for <paramref name="positions"/>, and with the first of them states that are zero;
    /// false, and nothing taken, if too few are free.
    /// </summary>
    public bool TryReserve(KvLease lease, int positions)
    {
        while (lease.WindowPages.Count < shape.Windows.Count) lease.WindowPages.Add([]);
        var missing = Missing(lease.Pages, positions);
        for (var i = 0; i < shape.Windows.Count; i++) missing += Missing(lease.WindowPages[i], Ended(positions, i));
        var needsSlot = shape.StateFloats > 0 && lease.Slot < 0;
        if (missing > freePages.Count || (needsSlot && freeSlots.Count == 0)) return false;
        Take(lease.Pages, positions);
        for (var i = 0; i < shape.Windows.Count; i++) Take(lease.WindowPages[i], Ended(positions, i));
        if (needsSlot) states.Clear(lease.Slot = freeSlots.Pop());
        return true;
    }

    /// <summary>Takes back what a sequence holds.</summary>
    public void Release(KvLease lease)
    {
        Give(lease.Pages);
        foreach (var pages in lease.WindowPages) Give(pages);
        if (lease.Slot >= 0) freeSlots.Push(lease.Slot);
        lease.Slot = -1;
    }

    /// <summary>Memory for a sequence's recurrent states.</summary>
    public StateSnapshot NewSnapshot() => new(shape.StateFloats);

    /// <summary>Copies a sequence's recurrent states, as they are after its last step.</summary>
    public void Save(KvLease lease, StateSnapshot snapshot)
    {
        if (lease.Slot >= 0) states.Save(lease.Slot, snapshot);
    }

    /// <summary>Gives a sequence states that it, or another with the same beginning, had.</summary>
    public void Restore(KvLease lease, StateSnapshot snapshot)
    {
        if (lease.Slot >= 0) states.Restore(lease.Slot, snapshot);
    }

    /// <summary>Windows that have ended; one at least, so that there is a page to look into.</summary>
    int Ended(int positions, int window) => Math.Max(1, positions / shape.Windows[window]);

    static int Missing(List<int> pages, int positions) => Math.Max(0, PagesFor(positions) - pages.Count);

    void Take(List<int> pages, int positions)
    {
        for (var missing = Missing(pages, positions); missing > 0; missing--) pages.Add(freePages.Pop());
    }

    void Give(List<int> pages)
    {
        foreach (var page in pages) freePages.Push(page);
        pages.Clear();
    }

    public void Dispose()
    {
        foreach (var entry in entries) entry.Dispose();
        states.Dispose();
    }
}
