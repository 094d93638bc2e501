using Homegrown.Kernels.Memory;

namespace Homegrown.Engine.Cache;

/// <summary>
/// What a model keeps of all sequences: of their positions in pages of <see cref="PageSize"/> (paged attention: Kwon et al. 2023,
/// arXiv 2309.06180), and recurrent states in a slot for each. A page number means the same page in every entry. Memory is
/// touched when a page or slot is first written. What was read stays, as long as there is room, for sequences that begin alike.
/// </summary>
public sealed class KvCache : IDisposable
{
    /// <summary>Positions in a page: long enough that a head's keys are read in one stretch, short enough to waste little.</summary>
    public const int PageSize = KvPages.PageSize;

    /// <summary>Snapshots of recurrent states that are kept for later sequences, of each that can run.</summary>
    public const int SnapshotsPerSequence = 4;

    readonly KvShape shape;
    readonly KvPages[] entries;
    readonly StateSlots states;
    readonly Stack<int> freeSlots;
    readonly PagePool pool;
    readonly PrefixTree prefixes;

    /// <param name="positions">Positions that all sequences together can keep, rounded up to whole pages.</param>
    /// <param name="sequences">Sequences that can have recurrent states at the same time.</param>
    public KvCache(KvShape shape, int positions, KvType type, int sequences = 1)
    {
        this.shape = shape;
        pool = new PagePool(shape.PagesFor(positions, sequences));
        entries = [.. shape.Entries.Select(entry => new KvPages(pool.Pages, entry, type))];
        states = new StateSlots(HasStates ? sequences : 0, shape.StateFloats);
        freeSlots = new Stack<int>(Enumerable.Range(0, states.Slots).Reverse());
        prefixes = new PrefixTree(pool, SnapshotsPerSequence * sequences * shape.BytesPerSequence);
    }

    public int Pages => pool.Pages;

    /// <summary>Of all pages and slots.</summary>
    public long Bytes => entries.Sum(entry => entry.Bytes) + states.Bytes;

    /// <summary>Pages that no sequence holds, those included that are only kept for later ones.</summary>
    public int FreePages => pool.Pages - pool.Held;

    /// <summary>Sequences with recurrent states that can still begin.</summary>
    public int FreeSlots => freeSlots.Count;

    /// <summary>Sequences have recurrent states: they go on from where these were saved, nowhere else.</summary>
    public bool HasStates => shape.StateFloats > 0;

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
        Open(lease);
        var missing = Missing(lease.Pages, positions);
        for (var i = 0; i < shape.Windows.Count; i++) missing += Missing(lease.WindowPages[i], Ended(positions, i));
        var needsSlot = HasStates && lease.Slot < 0;
        if (!TryFree(missing) || (needsSlot && freeSlots.Count == 0)) return false;
        Take(lease.Pages, positions);
        for (var i = 0; i < shape.Windows.Count; i++) Take(lease.WindowPages[i], Ended(positions, i));
        if (needsSlot) states.Clear(lease.Slot = freeSlots.Pop());
        return true;
    }

    /// <summary>
    /// Gives a sequence that holds nothing yet what is kept of the beginning of its text; how many of its tokens that are, never the last,
    /// whose logits are wanted.
    /// </summary>
    /// <param name="variant"><see cref="Models.Decoder.Variant"/> of its length.</param>
    public int Reuse(KvLease lease, ReadOnlySpan<int> tokens, int variant = 0)
    {
        Open(lease);
        var path = prefixes.Find(variant, tokens[..^1], HasStates, out var partly);
        while (HasStates && path.Count > 0 && path[^1].States is null) path.RemoveAt(path.Count - 1);
        if (path.Count == 0 || (HasStates && freeSlots.Count == 0)) return 0;
        prefixes.Touch(path);
        var last = path[^1];
        var cached = partly > 0 ? last.End - last.Tokens.Length + partly : last.End;
        foreach (var node in path) Lend(lease, node, cached);

        // Pages that the sequence will write to it must not share.
        var own = cached % PageSize > 0 ? 1 : 0;
        for (var i = 0; i < shape.Windows.Count; i++) own += cached / shape.Windows[i] % PageSize > 0 ? 1 : 0;
        if (!TryFree(own))
        {
            Release(lease);
            return 0;
        }

        if (cached % PageSize > 0) lease.Pages[^1] = Copied(lease.Pages[^1]);
        for (var i = 0; i < shape.Windows.Count; i++)
            if (cached / shape.Windows[i] % PageSize > 0) lease.WindowPages[i][^1] = Copied(lease.WindowPages[i][^1]);
        if (HasStates) states.Restore(lease.Slot = freeSlots.Pop(), last.States!);
        (lease.Kept, lease.Last) = (cached / PageSize, cached % PageSize == 0 ? last : last.Parent);
        return cached;
    }

    /// <summary>Keeps what a sequence has read for others that begin alike: its whole pages.</summary>
    /// <param name="tokens">Those whose keys and values it has, from its first.</param>
    /// <param name="end">It goes no further: the last page is kept as it is, and the states.</param>
    public void Keep(KvLease lease, ReadOnlySpan<int> tokens, int variant = 0, bool end = false)
    {
        for (; (lease.Kept + 1) * PageSize <= tokens.Length; lease.Kept++)
        {
            var node = Kept(lease, tokens.Slice(lease.Kept * PageSize, PageSize), variant);
            pool.Hold(node.Page);
            pool.Drop(lease.Pages[lease.Kept]);
            (lease.Pages[lease.Kept], lease.Last) = (node.Page, node);
        }

        var rest = tokens[(lease.Kept * PageSize)..];
        var last = end && rest.Length > 0 ? Kept(lease, rest, variant) : lease.Last;
        if (!HasStates || last is null || last.End != tokens.Length || last.States is not null) return;
        var snapshot = NewSnapshot();
        Save(lease, snapshot);
        prefixes.Keep(last, snapshot);
    }

    /// <summary>Takes back what a sequence holds.</summary>
    public void Release(KvLease lease)
    {
        Give(lease.Pages);
        foreach (var pages in lease.WindowPages) Give(pages);
        if (lease.Slot >= 0) freeSlots.Push(lease.Slot);
        (lease.Slot, lease.Kept, lease.Last) = (-1, 0, null);
    }

    /// <summary>Keeps nothing of what no sequence holds.</summary>
    public void Forget() => prefixes.Clear();

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

    public void Dispose()
    {
        prefixes.Clear();
        foreach (var entry in entries) entry.Dispose();
        states.Dispose();
    }

    void Open(KvLease lease)
    {
        while (lease.WindowPages.Count < shape.Windows.Count) lease.WindowPages.Add([]);
    }

    /// <summary>Windows that have ended; one at least, so that there is a page to look into.</summary>
    int Ended(int positions, int window) => Math.Max(1, positions / shape.Windows[window]);

    static int Missing(List<int> pages, int positions) => Math.Max(0, PagesFor(positions) - pages.Count);

    bool TryFree(int wanted)
    {
        if (wanted > FreePages) return false;
        if (wanted > pool.Free) prefixes.Free(wanted);
        return wanted <= pool.Free;
    }

    void Take(List<int> pages, int positions)
    {
        for (var missing = Missing(pages, positions); missing > 0; missing--) pages.Add(pool.Take());
    }

    void Give(List<int> pages)
    {
        foreach (var page in pages) pool.Drop(page);
        pages.Clear();
    }

    /// <summary>Lets a sequence hold what a page of the tree has, of windows those that end within its first <paramref name="cached"/> tokens.</summary>
    void Lend(KvLease lease, PrefixNode node, int cached)
    {
        pool.Hold(node.Page);
        lease.Pages.Add(node.Page);
        for (var i = 0; i < shape.Windows.Count; i++)
        {
            var pages = lease.WindowPages[i];
            var needed = PagesFor(Math.Min(node.End, cached) / shape.Windows[i]);
            var first = FirstPage(node, i);
            while (pages.Count < needed)
            {
                pages.Add(node.WindowPages[i][pages.Count - first]);
                pool.Hold(pages[^1]);
            }

            // The next windows may have gone on in another page than the first: only the later one has both.
            if (first < pages.Count && node.WindowPages[i].Length > 0) Exchange(pages, first, node.WindowPages[i][0]);
        }
    }

    void Exchange(List<int> pages, int at, int page)
    {
        pool.Hold(page);
        pool.Drop(pages[at]);
        pages[at] = page;
    }

    /// <summary>Number of the first page of windows that end within a node.</summary>
    int FirstPage(PrefixNode node, int window) => (node.End - node.Tokens.Length) / shape.Windows[window] / PageSize;

    PrefixNode Kept(KvLease lease, ReadOnlySpan<int> tokens, int variant)
    {
        var first = lease.Kept * PageSize;
        var windows = new int[shape.Windows.Count][];
        for (var i = 0; i < windows.Length; i++)
        {
            var (from, to) = (first / shape.Windows[i], (first + tokens.Length) / shape.Windows[i]);
            windows[i] = from == to ? [] : [.. lease.WindowPages[i][(from / PageSize)..PagesFor(to)]];
        }

        return prefixes.Add(variant, lease.Last, tokens, lease.Pages[lease.Kept], windows);
    }

    int Copied(int page)
    {
        var own = pool.Take();
        foreach (var entry in entries) entry.Copy(page, own);
        pool.Drop(page);
        return own;
    }
}
