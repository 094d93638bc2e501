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
    readonly WordCache cache = new();
    BytePairMerger? idle;

    public BytePairTokenizer(VocabularyData data)
        : base(data, bos: null, eos: null, unknown: null, addBos: PreTokenizerCatalog.Find(data).AddBos, ByteAlphabet.Spell)
    {
        preTokenizer = PreTokenizerCatalog.Find(data);
        merges = new BytePairMerges(Vocabulary, data);
    }

    protected override void EncodeText(ReadOnlySpan<char> text, List<int> ids, bool atStart)
    {
        var merger = Interlocked.Exchange(ref idle, null) ?? new BytePairMerger(Vocabulary, merges, preTokenizer.IgnoreMerges);
        var start = 0;
        foreach (var end in merger.Words.Split(text, preTokenizer))
        {
            var word = text[start..end];
            start = end;
            if (!cache.TryGet(word, out var known))
            {
                known = merger.Encode(word);
                cache.Add(word, known);
            }
            ids.AddRange(known);
        }
        // A merger that a huge text has blown up is not kept.
        if (merger.Capacity <= 1 << 16) idle = merger;
    }
}
