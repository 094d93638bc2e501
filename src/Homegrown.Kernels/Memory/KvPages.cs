using Homegrown.Kernels.Ops;
using Homegrown.Kernels.Quant;

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
public sealed unsafe class KvPages : IDisposable
{
    readonly NativeBuffer keys, values;

    /// <exception cref="ArgumentOutOfRangeException">A size is not positive.</exception>
    /// <exception cref="OverflowException">The sizes' product is beyond 64 bits.</exception>
    public KvPages(int pages, int pageSize, int kvHeads, int headDim, KvType type)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pages);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pageSize);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(kvHeads);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(headDim);
        (Pages, PageSize, KvHeads, HeadDim, Type) = (pages, pageSize, kvHeads, headDim, type);
        var bytes = checked((long)pages * pageSize * kvHeads * headDim * ValueBytes);
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

    int ValueBytes => Type == KvType.F16 ? 2 : 4;

    /// <summary>A head's keys, [headDim] each, from a place in a page to the page's end.</summary>
    internal byte* Keys(int page, int kvHead, int place) => keys.Data + Offset(page, kvHead, place);

    /// <summary>A head's values, [headDim] each, from a place in a page to the page's end.</summary>
    internal byte* Values(int page, int kvHead, int place) => values.Data + Offset(page, kvHead, place);

    /// <summary>Stored numbers to floats.</summary>
    internal void Read(byte* from, float* to, int count)
    {
        if (Type == KvType.F16) F16.Dequantize(new(from, count * 2), new(to, count));
        else new Span<float>(from, count).CopyTo(new(to, count));
    }

    /// <summary>Floats to stored numbers.</summary>
    internal void Write(float* from, byte* to, int count)
    {
        if (Type == KvType.F16) HalfVectors.ToHalf(from, (Half*)to, count);
        else new Span<float>(from, count).CopyTo(new(to, count));
    }

    public void Dispose()
    {
        keys.Dispose();
        values.Dispose();
    }

    long Offset(int page, int kvHead, int place) => (((((long)page * KvHeads) + kvHead) * PageSize) + place) * HeadDim * ValueBytes;
}
