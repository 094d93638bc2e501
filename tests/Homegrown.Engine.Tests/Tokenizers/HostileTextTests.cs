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
    public void Merging_looks_at_three_pairs_for_a_character_at_most(string name)
    {
        var text = Texts[name];
        var merger = new Counting(text);
        merger.Run();
        // One for each pair of neighbours, then two for each join, of which there is at most one for each character.
        Assert.True(merger.Looks <= 3L * text.Length, $"{name}: {merger.Looks}");
    }

    [Fact]
    public void Pairs_leave_the_queue_by_priority_and_then_position()
    {
        var random = new Random(3);
        for (var round = 0; round < 20; round++)
        {
            var queue = new PairQueue();
            var waiting = new SortedSet<(int Priority, int Position)>();
            for (var i = 0; i < 2000; i++)
            {
                var pair = (random.Next(40), random.Next(100_000));
                if (random.Next(3) != 0 && waiting.Add(pair)) queue.Push(pair.Item1, pair.Item2);
                else if (queue.TryPop(out var priority, out var position)) Take(priority, position);
            }
            while (queue.TryPop(out var priority, out var position)) Take(priority, position);
            Assert.Empty(waiting);

            void Take(int priority, int position)
            {
                Assert.Equal(waiting.Min, (priority, position));
                waiting.Remove(waiting.Min);
            }
        }
    }

    static readonly Lazy<Tokenizer> Embedded = new(() => VocabularyFiles.Open(Repository.Model));

    static string Repeat(string part) => string.Concat(Enumerable.Repeat(part, (Length / part.Length) + 1))[..Length];

    /// <summary>Joins what fits into 16 characters, so that nearly everything joins, and counts how often it is asked.</summary>
    sealed class Counting(string text) : PairMerger
    {
        public long Looks { get; private set; }

        public void Run()
        {
            Reserve(text.Length);
            Merge(text.Length);
        }

        protected override bool TryPair(int left, int right, int end, out int priority, out int token)
        {
            Looks++;
            (priority, token) = (text[left] % 3 + (end - left), 0);
            return end - left <= 16;
        }
    }
}
