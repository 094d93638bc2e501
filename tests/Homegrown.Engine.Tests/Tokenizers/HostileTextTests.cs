using System.Text;
using Homegrown.Engine.Tokenizers;
using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Tokenizers;

/// <summary>A quarter of a megabyte of what pre-tokenizers and merging fear most. At more than linear cost these tests would not come to an end.</summary>
public class HostileTextTests
{
    const int Length = 1 << 18;

    static readonly Dictionary<string, string> Texts = new()
    {
        { "one letter", new string('a', Length) },
        { "two letters", Repeat("ab") },
        { "spaces", new string(' ', Length) },
        { "line breaks", new string('\n', Length) },
        { "spaces and a letter", new string(' ', Length - 1) + "a" },
        { "marks", new string('\u0301', Length) },
        { "signs", new string('!', Length) },
        { "apostrophes", new string('\'', Length) },
        { "spaces beyond ASCII", Repeat("\u3000\u2028") },
        { "half tokens", Repeat("<|im_") },
        { "tokens", Repeat("<|im_end|>") },
        { "halves of pairs", new string('\uD83D', Length) },
        { "random letters", string.Concat(Enumerable.Range(0, Length).Select(i => (char)('a' + (i * 7919L % 104729 % 26)))) },
    };

    public static TheoryData<string> Names => [.. Texts.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_algorithm_comes_to_an_end_and_loses_nothing(string name)
    {
        var text = Texts[name];
        Assert.Equal(Length, text.Length);
        var expected = string.Concat(text.EnumerateRunes());
        foreach (var data in (VocabularyData[])[SmallVocabularies.BytePair, SmallVocabularies.SentencePiece])
        {
            var tokenizer = TokenizerFactory.Create(data);
            Assert.True(expected == tokenizer.Decode(tokenizer.Plain(text)), $"{name} by {data.Model}");
        }
        var wordPiece = TokenizerFactory.Create(SmallVocabularies.WordPiece);
        Assert.All(wordPiece.Plain(text).Distinct(), id => Assert.Equal(wordPiece.Unknown, id));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_embedded_vocabulary_comes_to_an_end_and_loses_nothing(string name)
    {
        var text = Texts[name];
        var tokenizer = Embedded.Value;
        var ids = new List<int>();
        tokenizer.Encode(text, ids, parseSpecial: false);
        Assert.True(string.Concat(text.EnumerateRunes()) == tokenizer.Decode(ids), name);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Merging_looks_at_four_pairs_for_a_symbol_at_most(string name)
    {
        // One for each at first, then two for each join, of which there are fewer than symbols; an eighth of each window and more is
        // looked at twice.
        var vocabulary = new Vocabulary(Data.Value, ByteAlphabet.Spell);
        var bytes = new BytePairMerger(new BytePairMerges(vocabulary, Data.Value));
        bytes.Encode(Texts[name]);
        Assert.InRange(bytes.Looks, 1, 4 * Encoding.UTF8.GetByteCount(Texts[name]));
    }

    [Fact]
    public void A_text_that_repeats_itself_is_merged_once()
    {
        var vocabulary = new Vocabulary(Data.Value, ByteAlphabet.Spell);
        var bytes = new BytePairMerger(new BytePairMerges(vocabulary, Data.Value));
        bytes.Encode(Texts["two letters"]);
        Assert.InRange(bytes.Looks, 1, Length / 16);
    }

    [Fact]
    public void Pairs_leave_the_heap_by_priority_and_then_position()
    {
        var random = new Random(3);
        var heap = new PairHeap();
        var waiting = new List<(int Priority, int Position)>();
        for (var i = 0; i < 3000; i++)
        {
            var pair = (random.Next(40), random.Next(1000));
            heap.Push(pair.Item1, pair.Item2);
            waiting.Add(pair);
            if (random.Next(3) == 0) Take();
        }
        while (waiting.Count > 0) Take();
        Assert.False(heap.TryPop(out _, out _));

        void Take()
        {
            var first = waiting.Min();
            Assert.True(heap.TryPop(out var priority, out var position));
            Assert.Equal(first, (priority, position));
            waiting.Remove(first);
        }
    }

    static readonly Lazy<VocabularyData> Data = new(() => VocabularyFiles.Read(Repository.Model));
    static readonly Lazy<Tokenizer> Embedded = new(() => TokenizerFactory.Create(Data.Value));

    static string Repeat(string part) => string.Concat(Enumerable.Repeat(part, (Length / part.Length) + 1))[..Length];
}
