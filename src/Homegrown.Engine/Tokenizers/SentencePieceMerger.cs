using System.Runtime.InteropServices;

namespace Homegrown.Engine.Tokenizers;

/// <summary>Encodes texts; holds the buffers for it.</summary>
sealed class SentencePieceMerger(SentencePieceMerges merges) : PairMerger(merges.Table)
{
    readonly List<int> ids = [];
    char[] text = [];
    int[] starts = []; // [symbols + 1]: where each character of a word begins, and its end

    /// <summary>Takes a text as the vocabulary writes it, ▁ for a space, with one before it if asked for. Stays until the next call.</summary>
    public ReadOnlySpan<char> Write(ReadOnlySpan<char> source, bool addSpace)
    {
        if (text.Length <= source.Length) text = new char[Math.Max(source.Length + 1, Math.Min(2L * text.Length, Array.MaxLength))];
        var length = 0;
        if (addSpace) text[length++] = ' ';
        foreach (var rune in source.EnumerateRunes()) length += rune.EncodeToUtf16(text.AsSpan(length));
        text.AsSpan(0, length).Replace(' ', '▁');
        return text.AsSpan(0, length);
    }

    /// <summary>The ids of a part of the text, as if there were nothing around it; until the next call.</summary>
    public ReadOnlySpan<int> Encode(int from, int to)
    {
        Reserve(to - from + 1);
        var count = 0;
        for (var i = from; i < to; i++)
            if (!char.IsLowSurrogate(text[i])) starts[count++] = i;
        starts[count] = to;
        for (var i = 0; i < count; i++) Token(i) = merges.Symbol(text.AsSpan(starts[i]..starts[i + 1]));

        Merge(count);
        ids.Clear();
        for (var i = 0; i < count; i = Next(i)) merges.Append(Token(i), text.AsSpan(starts[i]..starts[i + 1]), ids);
        return CollectionsMarshal.AsSpan(ids);
    }

    protected override void Reserve(int count)
    {
        base.Reserve(count);
        if (starts.Length < Capacity) starts = new int[Capacity];
    }
}
