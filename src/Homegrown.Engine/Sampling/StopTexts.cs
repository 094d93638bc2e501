namespace Homegrown.Engine.Sampling;

/// <summary>What a piece of text set free, and the stop text that it completed, if it did.</summary>
/// <param name="Text">Text that is certain to lie before any stop text; it never ends inside a surrogate pair.</param>
/// <param name="Stop">The stop text, which is not part of <paramref name="Text"/>; the stream has ended.</param>
public readonly record struct StopResult(string Text, string? Stop);

/// <summary>
/// Finds the first of several stop texts in a text that comes in pieces. The match that ends first wins, and of those that end
/// at the same character the longest, however the text was cut. Text is held back only while it may be the beginning of a match.
/// </summary>
/// <remarks>
/// The automaton of Aho and Corasick (CACM 1975) over UTF-16 code units. Its state is the longest beginning of a stop text that
/// the text so far ends with: exactly what must be held back. So no text is buffered, and time is linear in the text.
/// </remarks>
public sealed class StopTexts
{
    const int Root = 0;

    readonly List<Node> nodes = [new("", 0, Root)];
    readonly Dictionary<(int Node, char Next), int> edges = [];
    int state = Root;
    string half = ""; // a high surrogate that ends the text so far; only in the root state
    bool ended;

    /// <summary>Prepares the automaton.</summary>
    /// <exception cref="SamplingOptionException">A text is empty or holds half a surrogate pair.</exception>
    public StopTexts(IEnumerable<string> texts)
    {
        foreach (var text in texts)
        {
            if (text.Length == 0) throw new SamplingOptionException("stop", "stop holds an empty text; each needs at least one character.");
            if (!IsWellFormed(text)) throw new SamplingOptionException("stop", "stop holds half a surrogate pair; each must be valid Unicode.");
            Add(text);
        }
        foreach (var node in Enumerable.Range(1, nodes.Count - 1).OrderBy(i => nodes[i].Depth)) Link(node);
    }

    ReadOnlySpan<char> Held => state == Root ? half : nodes[state].Text.AsSpan(0, nodes[state].Depth);

    /// <summary>Takes the next piece of text.</summary>
    /// <exception cref="InvalidOperationException">A stop text was found before.</exception>
    public StopResult Feed(string piece)
    {
        if (ended) throw new InvalidOperationException("A stop text has ended this stream.");
        if (piece.Length == 0) return new StopResult("", null);
        var held = Held;
        for (var i = 0; i < piece.Length; i++)
        {
            state = Next(state, piece[i]);
            if (nodes[state].Match is not { } stop) continue;
            ended = true;
            return new StopResult(Join(held, piece, held.Length + i + 1 - stop.Length), stop);
        }
        half = state == Root && char.IsHighSurrogate(piece[^1]) ? piece[^1..] : "";
        return new StopResult(Join(held, piece, held.Length + piece.Length - Held.Length), null);
    }

    /// <summary>The text that is still held back when the stream ends without a stop text.</summary>
    public string Flush()
    {
        var rest = ended ? "" : Held.ToString();
        (state, half) = (Root, "");
        return rest;
    }

    // The first characters of held + piece.
    static string Join(ReadOnlySpan<char> held, string piece, int count) =>
        count <= held.Length ? held[..count].ToString()
        : held.IsEmpty && count == piece.Length ? piece
        : string.Concat(held, piece.AsSpan(0, count - held.Length));

    int Next(int node, char c)
    {
        int next;
        while (!edges.TryGetValue((node, c), out next) && node != Root) node = nodes[node].Fail;
        return next; // the root where no beginning goes on with c
    }

    void Add(string text)
    {
        var node = Root;
        for (var i = 0; i < text.Length; i++)
        {
            if (!edges.TryGetValue((node, text[i]), out var next))
            {
                next = nodes.Count;
                nodes.Add(new Node(text, i + 1, node));
                edges.Add((node, text[i]), next);
            }
            node = next;
        }
        nodes[node].Match = text;
    }

    // Nodes come by depth, so the parent's links are complete.
    void Link(int index)
    {
        var node = nodes[index];
        if (node.Depth > 1) node.Fail = Next(nodes[node.Parent].Fail, node.Text[node.Depth - 1]);
        node.Match ??= nodes[node.Fail].Match;
    }

    static bool IsWellFormed(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1])) return false;
            i++;
        }
        return true;
    }

    /// <summary>A beginning of a stop text: the first Depth characters of Text.</summary>
    sealed class Node(string text, int depth, int parent)
    {
        public string Text => text;

        public int Depth => depth;

        public int Parent => parent;

        /// <summary>The longest proper ending of this beginning that is itself a beginning.</summary>
        public int Fail { get; set; }

        /// <summary>The longest stop text that this beginning ends with.</summary>
        public string? Match { get; set; }
    }
}
