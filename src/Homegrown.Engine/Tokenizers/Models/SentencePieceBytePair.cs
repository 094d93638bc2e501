using System.Runtime.InteropServices;

namespace Homegrown.Engine.Tokenizers.Models;

/// <summary>
/// sentencepiece's BPE: of all neighbours that make a piece those with the highest score join first. User-defined pieces are found before
/// and join nothing.
/// </summary>
/// <param name="fusesUnknown">Neighbouring unknowns are one.</param>
sealed class SentencePieceBytePair(SentencePieceMerges merges, PieceTrie userDefined, int unknown, bool fusesUnknown) : PieceModel
{
    const int KeptCapacity = 1 << 20;

    SentencePieceMerger? idle;

    public override void Encode(ReadOnlySpan<char> piece, List<int> ids)
    {
        var first = ids.Count;
        var merger = Interlocked.Exchange(ref idle, null) ?? new SentencePieceMerger(merges);
        var start = 0;
        for (var at = 0; at < piece.Length;)
        {
            var length = userDefined.Longest(piece[at..], out var id);
            if (length == 0)
            {
                at++;
                continue;
            }
            Merge(piece[start..at], merger, ids);
            ids.Add(id);
            start = at += length;
        }
        Merge(piece[start..], merger, ids);
        if (merger.Capacity <= KeptCapacity) idle = merger;
        if (fusesUnknown) Fuse(ids, first);
    }

    static void Merge(ReadOnlySpan<char> text, SentencePieceMerger merger, List<int> ids)
    {
        if (text.IsEmpty) return;
        merger.Write(text, addSpace: false);
        ids.AddRange(merger.Encode(0, text.Length));
    }

    void Fuse(List<int> ids, int first)
    {
        var all = CollectionsMarshal.AsSpan(ids);
        var count = first;
        for (var i = first; i < all.Length; i++)
            if (all[i] != unknown || i == first || all[count - 1] != unknown) all[count++] = all[i];
        CollectionsMarshal.SetCount(ids, count);
    }
}
