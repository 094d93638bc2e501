namespace Homegrown.Kernels.Memory;

/// <summary>
/// Keys and values of one layer, in pages of <see cref="PageSize"/> positions that sequences own by number. Both are kept as a
/// product reads them, in <see cref="KvPanels"/>: keys as [keyDim, 32 positions], values as [positions, 32 of valueDim]. So a
/// vector holds scores of neighbouring positions, or neighbouring outputs, and nothing is summed across lanes. Where values are a
/// part of the keys, both are kept as values are.
/// </summary>
public sealed class KvPages : IDisposable
{
    /// <summary>Positions in a page.</summary>
    public const int PageSize = 64;

    /// <exception cref="ArgumentOutOfRangeException">A size is not positive.</exception>
    /// <exception cref="ArgumentException">Values that are a part of the keys are wider than these.</exception>
    /// <exception cref="OverflowException">The sizes' product is beyond 64 bits.</exception>
    public KvPages(int pages, KvEntry entry, KvType type)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pages);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(entry.KvHeads, nameof(entry.KvHeads));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(entry.KeyDim, nameof(entry.KeyDim));
        ArgumentOutOfRangeException.ThrowIfNegative(entry.ValueDim, nameof(entry.ValueDim));
        if (entry.ValuesInKeys && entry.ValueDim > entry.KeyDim)
            throw new ArgumentException($"Keys of {entry.KeyDim} numbers cannot hold values of {entry.ValueDim}.", nameof(entry));
        (Pages, Entry) = (pages, entry);
        var heads = (long)pages * entry.KvHeads;
        Keys = entry.ValuesInKeys
            ? new(type, true, heads, KvPanels.Squares(entry.KeyDim), PageSize / KvPanels.Side)
            : new(type, false, heads, PageSize / KvPanels.Side, KvPanels.Squares(entry.KeyDim));
        Values = entry.ValuesInKeys ? Keys : new(type, true, heads, KvPanels.Squares(entry.ValueDim), PageSize / KvPanels.Side);
    }

    /// <summary>Pages of keys and values of the same width.</summary>
    public KvPages(int pages, int kvHeads, int headDim, KvType type)
        : this(pages, new KvEntry(kvHeads, headDim, headDim), type)
    {
    }

    public int Pages { get; }

    public KvEntry Entry { get; }

    public KvType Type => Keys.Type;

    /// <summary>Bytes of keys and values together.</summary>
    public long Bytes => Keys.Bytes + (Entry.ValuesInKeys ? 0 : Values.Bytes);

    /// <summary>Panels of 32 positions, a row for each of keyDim; where values are in the keys, the same as <see cref="Values"/>.</summary>
    internal KvPanels Keys { get; }

    /// <summary>Panels of 32 of valueDim, a row for each position.</summary>
    internal KvPanels Values { get; }

    /// <summary>Puts a position's key and value of one head, [keyDim] and [valueDim], in their places; without value where the key holds it.</summary>
    internal unsafe void Write(int page, int kvHead, int place, float* key, float* value)
    {
        var line = place % KvPanels.Side;
        for (var d = 0; d < Entry.KeyDim; d += KvPanels.Side)
            Keys.Write(KeySquare(page, kvHead, place, d), line, key + d, Math.Min(KvPanels.Side, Entry.KeyDim - d));
        if (Entry.ValuesInKeys) return;
        for (var d = 0; d < Entry.ValueDim; d += KvPanels.Side)
            Values.Write(ValueSquare(page, kvHead, place, d), line, value + d, Math.Min(KvPanels.Side, Entry.ValueDim - d));
    }

    /// <summary>Makes one page what another is: for sequences that go on differently from the middle of it.</summary>
    public void Copy(int from, int to)
    {
        Keys.Copy(Head(from, 0), Head(to, 0), Entry.KvHeads);
        if (!Entry.ValuesInKeys) Values.Copy(Head(from, 0), Head(to, 0), Entry.KvHeads);
    }

    /// <summary>Brings a key's place to the cache: each of its numbers is in a line of its own, and stores would wait for one after the other.</summary>
    internal unsafe void Fetch(int page, int kvHead, int place)
    {
        if (!Keys.PositionsAreRows) Keys.Fetch(KeySquare(page, kvHead, place, 0), KvPanels.Squares(Entry.KeyDim));
    }

    /// <summary>One number of a key.</summary>
    internal unsafe float Key(int page, int kvHead, int place, int d)
        => Keys.Read(KeySquare(page, kvHead, place, d), place % KvPanels.Side, d % KvPanels.Side);

    /// <summary>One number of a value.</summary>
    internal unsafe float Value(int page, int kvHead, int place, int d)
        => Values.Read(ValueSquare(page, kvHead, place, d), place % KvPanels.Side, d % KvPanels.Side);

    /// <summary>The square of a page and head that holds number d of the key at a place.</summary>
    internal unsafe byte* KeySquare(int page, int kvHead, int place, int d)
        => Keys.PositionsAreRows
            ? ValueSquare(page, kvHead, place, d)
            : Keys.Square(Head(page, kvHead), place / KvPanels.Side, d / KvPanels.Side);

    /// <summary>The square of a page and head that holds number d of the value at a place.</summary>
    internal unsafe byte* ValueSquare(int page, int kvHead, int place, int d)
        => Values.Square(Head(page, kvHead), d / KvPanels.Side, place / KvPanels.Side);

    long Head(int page, int kvHead) => ((long)page * Entry.KvHeads) + kvHead;

    public void Dispose()
    {
        Keys.Dispose();
        Values.Dispose();
    }
}
