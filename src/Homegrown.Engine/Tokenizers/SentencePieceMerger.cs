using System.Runtime.InteropServices;

namespace Homegrown.Engine.Tokenizers;

/// <summary>Encodes texts; holds the buffers for it.</summary>
sealed class SentencePieceMerger(SentencePieceMerges merges)
{
    readonly WindowMerger merger = new(merges.Table);
    readonly List<int> ids = [];
    char[] text = [];
    int[] starts = []; // [symbols + 1]: where each character of a word begins, and its end
    int[] tokens = []; // [symbols]

    /// <summary>Characters of a text that fit without growing.</summary>
    public int Capacity => text.Length;

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
        if (starts.Length < text.Length + 1) (starts, tokens) = (new int[text.Length + 1], new int[text.Length]);
        var count = 0;
        for (var i = from; i < to; i++)
            if (!char.IsLowSurrogate(text[i])) starts[count++] = i;
        starts[count] = to;
        for (var i = 0; i < count; i++) tokens[i] = merges.Symbol(text.AsSpan(starts[i]..starts[i + 1]));

        ids.Clear();
        foreach (var (token, first) in merger.Merge(tokens.AsSpan(0, count)))
            merges.Append(token, text.AsSpan(starts[first]..starts[first + 1]), ids);
        return CollectionsMarshal.AsSpan(ids);
    }
}
