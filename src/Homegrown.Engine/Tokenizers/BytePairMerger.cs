using System.Runtime.InteropServices;
using System.Text;
using Homegrown.Engine.Tokenizers.PreTokenizers;

namespace Homegrown.Engine.Tokenizers;

/// <summary>Encodes words; holds the buffers for it.</summary>
/// <param name="wholeWords">Words that are tokens whatever the merges would make of them; null for none.</param>
sealed class BytePairMerger(BytePairMerges merges, WholeWords? wholeWords = null)
{
    readonly WindowMerger merger = new(merges.Table);
    readonly List<int> ids = [];
    byte[] bytes = [];
    int[] tokens = [];

    public WordBuffer Words { get; } = new();

    /// <summary>Bytes of a word that fit without growing.</summary>
    public int Capacity => bytes.Length;

    /// <inheritdoc cref="PairMerger.Looks"/>
    public long Looks => merger.Looks;

    /// <summary>The ids of one word, until the next call.</summary>
    public ReadOnlySpan<int> Encode(ReadOnlySpan<char> word)
    {
        ids.Clear();
        if (wholeWords is not null && wholeWords.TryFind(word, out var whole)) ids.Add(whole);
        else
        {
            var count = Encoding.UTF8.GetByteCount(word);
            Reserve(count);
            Encoding.UTF8.GetBytes(word, bytes);
            for (var i = 0; i < count; i++) tokens[i] = merges.ByteId(bytes[i]);
            // A byte that the vocabulary lacks has no id and is left out, as by every implementation of this format.
            foreach (var symbol in merger.Merge(tokens.AsSpan(0, count)))
                if (symbol.Token >= 0) ids.Add(symbol.Token);
        }
        return CollectionsMarshal.AsSpan(ids);
    }

    void Reserve(int count)
    {
        if (count <= Capacity) return;
        var capacity = Math.Max(count, (int)Math.Min(2L * Capacity, Array.MaxLength));
        (bytes, tokens) = (new byte[capacity], new int[capacity]);
    }
}
