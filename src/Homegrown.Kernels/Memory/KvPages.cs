namespace Homegrown.Kernels.Memory;

/// <summary>
/// Keys and values of one layer, in pages of <see cref="PageSize"/> positions that sequences own by number. Both are kept as a
/// product reads them, in <see cref="KvPanels"/>: keys as [headDim, 32 positions], values as [positions, 32 of headDim]. So a
/// vector holds scores of neighbouring positions, or neighbouring outputs, and nothing is summed across lanes.
/// </summary>
public sealed class KvPages : IDisposable
{
    /// <summary>Positions in a page.</summary>
    public const int PageSize = 64;

    /// <exception cref="ArgumentOutOfRangeException">A size is not positive.</exception>
    /// <exception cref="OverflowException">The sizes' product is beyond 64 bits.</exception>
    public KvPages(int pages, int kvHeads, int headDim, KvType type)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pages);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(kvHeads);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(headDim);
        (Pages, KvHeads, HeadDim) = (pages, kvHeads, headDim);
        var heads = (long)pages * kvHeads;
        Keys = new(type, heads, PageSize / KvPanels.Side, KvPanels.Squares(headDim));
        Values = new(type, heads, KvPanels.Squares(headDim), PageSize / KvPanels.Side);
    }

    public int Pages { get; }

    public int KvHeads { get; }

    public int HeadDim { get; }

    public KvType Type => Keys.Type;

    /// <summary>Bytes of keys and values together.</summary>
    public long Bytes => Keys.Bytes + Values.Bytes;

    /// <summary>Panels of 32 positions, a row for each of headDim.</summary>
    internal KvPanels Keys { get; }

    /// <summary>Panels of 32 of headDim, a row for each position.</summary>
    internal KvPanels Values { get; }

    /// <summary>Bytes that a position takes, keys and values.</summary>
    public static long BytesPerPosition(int kvHeads, int headDim, KvType type)
        => 2L * kvHeads * KvPanels.Squares(headDim) * KvPanels.SquareBytes(type) / KvPanels.Side;

    /// <summary>Puts a position's key and value of one head, [headDim] each, in their places.</summary>
    internal unsafe void Write(int page, int kvHead, int place, float* key, float* value)
    {
        var (side, head) = (KvPanels.Side, Head(page, kvHead));
        for (var d = 0; d < HeadDim; d += side)
        {
            var count = Math.Min(side, HeadDim - d);
            Keys.Write(Keys.Square(head, place / side, d / side), place % side, place % side, side, key + d, count);
            Values.Write(Values.Square(head, d / side, place / side), place % side, place % side * side, 1, value + d, count);
        }
    }

    /// <summary>Brings a key's place to the cache: a line for each of its numbers, and a store alone would wait for one after the other.</summary>
    internal unsafe void Fetch(int page, int kvHead, int place)
    {
        var panel = Keys.Square(Head(page, kvHead), place / KvPanels.Side);
        var next = Keys.Square(Head(page, kvHead), (place / KvPanels.Side) + 1);
        for (; panel < next; panel += 64) if (System.Runtime.Intrinsics.X86.Sse.IsSupported) System.Runtime.Intrinsics.X86.Sse.Prefetch0(panel);
    }

    /// <summary>One number of a key.</summary>
    internal float Key(int page, int kvHead, int place, int d)
        => Keys.Read(Head(page, kvHead), place / KvPanels.Side, d, place % KvPanels.Side, scale: place);

    /// <summary>One number of a value.</summary>
    internal float Value(int page, int kvHead, int place, int d)
        => Values.Read(Head(page, kvHead), d / KvPanels.Side, place, d % KvPanels.Side, scale: place);

    /// <summary>Index of a page's head among the panels.</summary>
    internal long Head(int page, int kvHead) => ((long)page * KvHeads) + kvHead;

    public void Dispose()
    {
        Keys.Dispose();
        Values.Dispose();
    }
}
