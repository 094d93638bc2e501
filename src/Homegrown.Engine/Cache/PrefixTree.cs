using Homegrown.Kernels.Memory;

namespace Homegrown.Engine.Cache;

/// <summary>
/// What was read before, so that nobody reads it again: a tree of pages by their tokens (RadixAttention: Zheng et al. 2024,
/// arXiv 2312.07104 §3). Tokens are compared, not hashes: nobody is ever given another's text. Pages that no sequence holds go when
/// others are wanted, the longest unused first, ends before beginnings.
/// </summary>
/// <param name="snapshotBytes">Most bytes that recurrent states may take.</param>
sealed class PrefixTree(PagePool pool, long snapshotBytes)
{
    readonly Dictionary<int, PrefixNode> roots = [];
    readonly LinkedList<PrefixNode> used = new();     // last used first; a node is never before its parent
    long snapshots;

    /// <summary>The pages along which a text begins, in order. The last may have only some of its tokens, <paramref name="partly"/>.</summary>
    /// <param name="variant">Texts of other variants share nothing: their positions turn differently.</param>
    /// <param name="whole">Only pages with all of their tokens.</param>
    public List<PrefixNode> Find(int variant, ReadOnlySpan<int> tokens, bool whole, out int partly)
    {
        var path = new List<PrefixNode>();
        partly = 0;
        if (!roots.TryGetValue(variant, out var node)) return path;
        while (!tokens.IsEmpty && node.Longest(tokens, whole) is { Child: { } child, Length: var length })
        {
            path.Add(child);
            if (length < KvCache.PageSize)
            {
                if (length < child.Tokens.Length) partly = length;
                break;
            }

            tokens = tokens[length..];
            node = child;
        }

        return path;
    }

    /// <summary>Pages of this path were used.</summary>
    public void Touch(IReadOnlyList<PrefixNode> path)
    {
        for (var i = path.Count - 1; i >= 0; i--)
        {
            used.Remove(path[i].Place!);
            used.AddFirst(path[i].Place!);
        }
    }

    /// <summary>Keeps a page after those of a path, or finds the one that has its tokens.</summary>
    public PrefixNode Add(int variant, PrefixNode? parent, ReadOnlySpan<int> tokens, int page, int[][] windowPages)
    {
        if (parent is null && !roots.TryGetValue(variant, out parent)) roots[variant] = parent = new(null, [], -1, []);
        foreach (var child in parent.Children)
            if (tokens.SequenceEqual(child.Tokens)) return child;
        foreach (var child in parent.Children.ToArray())
            if (child.Tokens.Length < tokens.Length && child.States is null && !pool.IsHeld(child.Page) && tokens.StartsWith(child.Tokens)) Remove(child);
        var node = new PrefixNode(parent, tokens.ToArray(), page, windowPages);
        parent.Children.Add(node);
        node.Place = parent.Place is null ? used.AddFirst(node) : used.AddAfter(parent.Place, node);
        pool.Keep(page);
        foreach (var pages in windowPages)
            foreach (var window in pages) pool.Keep(window);
        return node;
    }

    /// <summary>Keeps recurrent states with a page, in place of the longest unused ones if need be.</summary>
    public void Keep(PrefixNode node, StateSnapshot states)
    {
        Drop(node);
        (node.States, snapshots) = (states, snapshots + states.Bytes);
        for (var last = used.Last; last is not null && snapshots > snapshotBytes; last = last.Previous) Drop(last.Value);
    }

    /// <summary>Frees pages until so many are free, or none can be.</summary>
    public void Free(int wanted)
    {
        var place = used.Last;
        while (place is not null && pool.Free < wanted)
        {
            var (node, previous) = (place.Value, place.Previous);
            if (node.Children.Count == 0 && !pool.IsHeld(node.Page)) Remove(node);
            place = previous;
        }
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        while (used.Last is { } last) Remove(last.Value);
    }

    void Remove(PrefixNode node)
    {
        Drop(node);
        node.Parent!.Children.Remove(node);
        used.Remove(node.Place!);
        pool.Forget(node.Page);
        foreach (var pages in node.WindowPages)
            foreach (var window in pages) pool.Forget(window);
    }

    void Drop(PrefixNode node)
    {
        if (node.States is null) return;
        snapshots -= node.States.Bytes;
        node.States.Dispose();
        node.States = null;
    }
}
