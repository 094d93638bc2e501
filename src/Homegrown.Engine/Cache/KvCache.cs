using Homegrown.Kernels.Memory;

namespace Homegrown.Engine.Cache;

/// <summary>Shape of a model's cache: what a page of positions costs.</summary>
/// <param name="Layers">Layers that keep keys and values.</param>
public readonly record struct KvShape(int Layers, int KvHeads, int HeadDim)
{
    /// <summary>Bytes that one position takes in all layers, keys and values.</summary>
    public long BytesPerPosition(KvType type) => Layers * new KvEntry(KvHeads, HeadDim, HeadDim).BytesPerPosition(type);
}

/// <summary>
/// Keys and values of all sequences, in pages of <see cref="PageSize"/> positions (paged attention: Kwon et al. 2023,
/// arXiv 2309.06180). A page number means the same page in every layer. Memory is touched when a page is first written.
/// </summary>
public sealed class KvCache : IDisposable
{
    /// <summary>Positions in a page: long enough that a head's keys are read in one stretch, short enough to waste little.</summary>
    public const int PageSize = KvPages.PageSize;

    readonly KvPages[] layers;
    readonly Stack<int> free;

    /// <param name="positions">Positions that all sequences together can keep, rounded up to whole pages.</param>
    public KvCache(KvShape shape, int positions, KvType type)
    {
        Pages = (int)((positions + (long)PageSize - 1) / PageSize);
        layers = new KvPages[shape.Layers];
        for (var i = 0; i < layers.Length; i++) layers[i] = new KvPages(Pages, shape.KvHeads, shape.HeadDim, type);
        free = new Stack<int>(Pages);
        for (var page = Pages - 1; page >= 0; page--) free.Push(page);
    }

    public int Pages { get; }

    public int FreePages => free.Count;

    /// <summary>Pages that <paramref name="positions"/> positions need.</summary>
    public static int PagesFor(int positions) => (int)((positions + (long)PageSize - 1) / PageSize);

    internal KvPages Layer(int layer) => layers[layer];

    /// <summary>Gives a sequence pages until it has room for <paramref name="positions"/>; false, and nothing taken, if too few are free.</summary>
    public bool TryReserve(List<int> pages, int positions)
    {
        var missing = PagesFor(positions) - pages.Count;
        if (missing > free.Count) return false;
        for (; missing > 0; missing--) pages.Add(free.Pop());
        return true;
    }

    /// <summary>Takes a sequence's pages back.</summary>
    public void Release(List<int> pages)
    {
        foreach (var page in pages) free.Push(page);
        pages.Clear();
    }

    public void Dispose()
    {
        foreach (var layer in layers) layer.Dispose();
    }
}
