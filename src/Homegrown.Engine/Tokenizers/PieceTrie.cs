namespace Homegrown.Engine.Tokenizers;

/// <summary>Pieces by their characters, to find those at a place in time that depends on their length alone.</summary>
sealed class PieceTrie
{
    /// <summary>The node of the empty piece.</summary>
    public const int Root = 0;

    readonly MergeTable edges = new();      // node and UTF-16 unit to node
    readonly List<int> tokens = [-1];       // [nodes]: the token that ends there, or -1

    public void Add(ReadOnlySpan<char> piece, int id)
    {
        var node = Root;
        foreach (var unit in piece)
        {
            if (!edges.TryGet(node, unit, out _, out var next))
            {
                edges.Add(node, unit, rank: 0, next = tokens.Count);
                tokens.Add(-1);
            }
            node = next;
        }
        tokens[node] = id;
    }

    /// <summary>The node after one more unit, or -1.</summary>
    public int Next(int node, char unit) => edges.TryGet(node, unit, out _, out var next) ? next : -1;

    /// <summary>The token that ends at a node, or -1.</summary>
    public int Token(int node) => tokens[node];

    /// <summary>Length of the longest piece at the beginning of a text, or 0.</summary>
    /// <param name="from">The node of what every piece begins with, and the text lacks.</param>
    public int Longest(ReadOnlySpan<char> text, out int id, int from = Root)
    {
        var (node, length) = (from, 0);
        id = -1;
        for (var i = 0; i < text.Length && (node = Next(node, text[i])) >= 0; i++)
            if (tokens[node] >= 0) (length, id) = (i + 1, tokens[node]);
        return length;
    }

    /// <summary>The node of a piece's characters, or -1.</summary>
    public int Find(ReadOnlySpan<char> text)
    {
        var node = Root;
        for (var i = 0; i < text.Length && node >= 0; i++) node = Next(node, text[i]);
        return node;
    }
}
