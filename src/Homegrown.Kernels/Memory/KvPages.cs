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
        Keys = new(type, false, heads, PageSize / KvPanels.Side, KvPanels.Squares(headDim));
        Values = new(type, true, heads, KvPanels.Squares(headDim), PageSize / KvPanels.Side);
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
        var line = place % KvPanels.Side;
        for (var d = 0; d < HeadDim; d += KvPanels.Side)
        {
            var count = Math.Min(KvPanels.Side, HeadDim - d);
            Keys.Write(KeySquare(page, kvHead, place, d), line, key + d, count);
            Values.Write(ValueSquare(page, kvHead, place, d), line, value + d, count);
        }
    }

    /// <summary>Brings a key's place to the cache: each of its numbers is in a line of its own, and stores would wait for one after the other.</summary>
    internal unsafe void Fetch(int page, int kvHead, int place)
        => Keys.Fetch(KeySquare(page, kvHead, place, 0), KvPanels.Squares(HeadDim));

    /// <summary>One number of a key.</summary>
    internal unsafe float Key(int page, int kvHead, int place, int d)
        => Keys.Read(KeySquare(page, kvHead, place, d), place % KvPanels.Side, d % KvPanels.Side);

    /// <summary>One number of a value.</summary>
    internal unsafe float Value(int page, int kvHead, int place, int d)
        => Values.Read(ValueSquare(page, kvHead, place, d), place % KvPanels.Side, d % KvPanels.Side);

    /// <summary>The square of a page and head that holds number d of the key at a place.</summary>
    internal unsafe byte* KeySquare(int page, int kvHead, int place, int d)
        => Keys.Square(Head(page, kvHead), place / KvPanels.Side, d / KvPanels.Side);

    /// <summary>The square of a page and head that holds number d of the value at a place.</summary>
    internal unsafe byte* ValueSquare(int page, int kvHead, int place, int d)
        => Values.Square(Head(page, kvHead), d / KvPanels.Side, place / KvPanels.Side);

    long Head(int page, int kvHead) => ((long)page * KvHeads) + kvHead;

    public void Dispose()
    {
        Keys.Dispose();
        Values.Dispose();
    }
}
