namespace Homegrown.Engine.Cache;

/// <summary>
/// Who has which page: sequences hold pages, several of them the same where they begin alike; the <see cref="PrefixTree"/> keeps some that
/// nobody holds. A page that is neither held nor kept is free.
/// </summary>
sealed class PagePool(int pages)
{
    readonly int[] holders = new int[pages], keepers = new int[pages];
    readonly Stack<int> free = new(Enumerable.Range(0, pages).Reverse());

    public int Pages => pages;

    /// <summary>Pages without holder or keeper.</summary>
    public int Free => free.Count;

    /// <summary>Pages that a sequence holds.</summary>
    public int Held { get; private set; }

    public bool IsHeld(int page) => holders[page] > 0;

    /// <summary>A free page, held by who asked.</summary>
    public int Take()
    {
        var page = free.Pop();
        Hold(page);
        return page;
    }

    public void Hold(int page)
    {
        if (holders[page]++ == 0) Held++;
    }

    public void Drop(int page)
    {
        if (--holders[page] > 0) return;
        Held--;
        FreeIfAlone(page);
    }

    public void Keep(int page) => keepers[page]++;

    public void Forget(int page)
    {
        keepers[page]--;
        FreeIfAlone(page);
    }

    void FreeIfAlone(int page)
    {
        if (holders[page] == 0 && keepers[page] == 0) free.Push(page);
    }
}
