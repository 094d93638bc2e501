namespace Homegrown.Engine.Tokenizers;

/// <summary>Pieces by their characters, to find the longest one at a place in time that depends on its length alone.</summary>
sealed class PieceTrie
{
    readonly Dictionary<(int Node, char Unit), int> edges = [];
    readonly List<int> tokens = [-1]; // [nodes]: the token that ends there, or -1; node 0 is the root

    public void Add(string piece, int id)
    {
        var node = 0;
        foreach (var unit in piece)
        {
            if (!edges.TryGetValue((node, unit), out var next))
            {
                edges.Add((node, unit), next = tokens.Count);
                tokens.Add(-1);
            }
            node = next;
        }
        tokens[node] = id;
    }

    /// <summary>Length of the longest piece at the beginning of a text, or 0.</summary>
    public int Longest(ReadOnlySpan<char> text, out int id)
    {
        var (node, length) = (0, 0);
        id = -1;
        for (var i = 0; i < text.Length && edges.TryGetValue((node, text[i]), out node); i++)
            if (tokens[node] >= 0) (length, id) = (i + 1, tokens[node]);
        return length;
    }
}
