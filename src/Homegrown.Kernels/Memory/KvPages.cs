namespace Homegrown.Kernels.Memory;

/// <summary>How keys and values are kept.</summary>
public enum KvType
{
    F16,
    F32,
}

/// <summary>
/// Keys and values of one layer, in pages of a fixed number of positions that sequences own by number. In a page the layout is
/// [kvHeads, positions, headDim], keys and values apart, so that one head's attention reads one stretch of memory.
/// </summary>
public sealed class KvPages : IDisposable
{
    readonly NativeBuffer keys, values;

    public KvPages(int pages, int pageSize, int kvHeads, int headDim, KvType type)
    {
        (Pages, PageSize, KvHeads, HeadDim, Type) = (pages, pageSize, kvHeads, headDim, type);
        var bytes = checked((long)pages * pageSize * kvHeads * headDim * (type == KvType.F16 ? 2 : 4));
        (keys, values) = (new NativeBuffer(bytes), new NativeBuffer(bytes));
    }

    public int Pages { get; }

    /// <summary>Positions in a page.</summary>
    public int PageSize { get; }

    public int KvHeads { get; }

    public int HeadDim { get; }

    public KvType Type { get; }

    /// <summary>Bytes of keys and values together.</summary>
    public long Bytes => keys.Bytes + values.Bytes;

    internal NativeBuffer Keys => keys;

    internal NativeBuffer Values => values;

    public void Dispose()
    {
        keys.Dispose();
        values.Dispose();
    }
}
