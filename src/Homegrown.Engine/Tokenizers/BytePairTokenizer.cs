using Homegrown.Engine.Tokenizers.PreTokenizers;

namespace Homegrown.Engine.Tokenizers;

/// <summary>
/// Byte-level BPE (GPT-2 and most models since): a text is cut into words by a pre-tokenizer, a word is its UTF-8 bytes, and pairs are
/// merged in the order of the merge list.
/// </summary>
sealed class BytePairTokenizer : VocabularyTokenizer
{
    readonly PreTokenizer preTokenizer;
    readonly BytePairMerges merges;
    readonly WholeWords? wholeWords;
    readonly WordCache cache = new();
    BytePairMerger? idle;

    public BytePairTokenizer(VocabularyData data)
        : this(data, PreTokenizerCatalog.Find(data))
    {
    }

    BytePairTokenizer(VocabularyData data, PreTokenizer preTokenizer)
        : base(data, bos: null, eos: null, unknown: null, preTokenizer.AddBos, ByteAlphabet.Spell)
    {
        this.preTokenizer = preTokenizer;
        merges = new BytePairMerges(Vocabulary, data);
        if (preTokenizer.IgnoreMerges) wholeWords = new WholeWords(Vocabulary);
    }

    protected override void EncodeText(ReadOnlySpan<char> text, List<int> ids, bool atStart)
    {
        var merger = Interlocked.Exchange(ref idle, null) ?? new BytePairMerger(merges, wholeWords);
        var start = 0;
        foreach (var end in merger.Words.Split(text, preTokenizer))
        {
            var word = text[start..end];
            start = end;
            if (!cache.TryGet(word, out var hash, out var known))
            {
                known = merger.Encode(word);
                cache.Add(word, hash, known);
            }
            ids.AddRange(known);
        }
        if (merger.Capacity <= KeptCapacity) idle = merger;
    }
}
