using Homegrown.Kernels.Memory;

namespace Homegrown.Engine.Cache;

/// <summary>A page of a <see cref="PrefixTree"/>: tokens that come after its parent's, and where what layers keep of them is.</summary>
/// <param name="tokens">As many as a page has places or, at the end of a text, fewer.</param>
/// <param name="windowPages">For each of <see cref="KvShape.Windows"/> the pages of windows that end within these tokens.</param>
sealed class PrefixNode(PrefixNode? parent, int[] tokens, int page, int[][] windowPages)
{
    public PrefixNode? Parent { get; } = parent;

    public int[] Tokens { get; } = tokens;

    public int Page { get; } = page;

    public int[][] WindowPages { get; } = windowPages;

    /// <summary>Tokens from the beginning to the end of this page.</summary>
    public int End { get; } = (parent?.End ?? 0) + tokens.Length;

    public List<PrefixNode> Children { get; } = [];

    /// <summary>Recurrent states after its last token; null where nobody saved them.</summary>
    public StateSnapshot? States { get; set; }

    /// <summary>Its place in the order of use.</summary>
    public LinkedListNode<PrefixNode>? Place { get; set; }

    /// <summary>The child that goes on as these tokens do for longest, and for how long.</summary>
    /// <param name="whole">With all of its tokens.</param>
    public (PrefixNode? Child, int Length) Longest(ReadOnlySpan<int> next, bool whole)
    {
        var best = (Child: default(PrefixNode), Length: 0);
        foreach (var child in Children)
        {
            var length = next.CommonPrefixLength(child.Tokens);
            if (length > best.Length && (!whole || length == child.Tokens.Length)) best = (child, length);
        }

        return best;
    }
}
