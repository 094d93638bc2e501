using Homegrown.Engine.Tokenizers;

namespace Homegrown.Engine.Embeddings;

/// <summary>The tokens that a model reads at once, and what happens to texts with more: never cut in silence.</summary>
/// <param name="Most">Special tokens included.</param>
/// <param name="Truncate">Texts are cut at their end, before the special tokens that follow them; otherwise they are an error.</param>
readonly record struct TokenRoom(int Most, bool Truncate)
{
    /// <param name="whole">The ids of a text, or of a pair, of which the second text gives way.</param>
    /// <param name="empty">The same with that text empty: what stays in any case.</param>
    /// <param name="what">"Text 3".</param>
    /// <exception cref="ArgumentException">It does not fit.</exception>
    public EncodedPair Fit(EncodedPair whole, EncodedPair empty, string what)
    {
        var count = whole.Ids.Count;
        if (count == 0) throw new ArgumentException($"{what} has no tokens.");
        if (count <= Most) return whole;
        if (!Truncate) throw new ArgumentException($"{what} has {count} tokens; the model reads {Most}. Split it, or let its end be cut off (--truncate).");
        if (empty.Ids.Count >= Most) throw new ArgumentException($"{what} does not fit into the {Most} tokens that the model reads, however much of it is cut off: {empty.Ids.Count} stay.");
        var after = empty.Ids.Count - Common(whole.Ids, empty.Ids);
        return new(Cut(whole.Ids, after), whole.TypeIds.Count == 0 ? [] : Cut(whole.TypeIds, after));
    }

    /// <summary>Tokens from the beginning to the end of a text, without the special ones that follow it.</summary>
    public static int Before(EncodedPair whole, EncodedPair empty) => whole.Ids.Count - (empty.Ids.Count - Common(whole.Ids, empty.Ids));

    List<int> Cut(IReadOnlyList<int> ids, int after) => [.. ids.Take(Most - after), .. ids.Skip(ids.Count - after)];

    static int Common(IReadOnlyList<int> a, IReadOnlyList<int> b) => a.Zip(b).TakeWhile(pair => pair.First == pair.Second).Count();
}
