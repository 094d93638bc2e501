using Homegrown.Engine.Tokenizers;
using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Tokenizers;

/// <summary>Decoding gives back what was encoded, whole and token by token.</summary>
public class RoundTripTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 40)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Byte_level_text_comes_back(int seed)
    {
        var tokenizer = TokenizerFactory.Create(SmallVocabularies.BytePair);
        var text = VocabularyFiles.RandomText(seed, pieces: 300);
        Assert.Equal(text, tokenizer.Decode(tokenizer.Plain(text)));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void SentencePiece_text_comes_back(int seed)
    {
        var tokenizer = TokenizerFactory.Create(SmallVocabularies.SentencePiece);
        // ▁ stands for a space, so it is the one character that does not.
        var text = VocabularyFiles.RandomText(seed, pieces: 300).Replace('▁', '_');
        Assert.Equal(text, tokenizer.Decode(tokenizer.Plain(text)));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void A_stream_hands_out_whole_characters_and_in_sum_the_text(int seed)
    {
        var tokenizer = TokenizerFactory.Create(SmallVocabularies.BytePair);
        var text = VocabularyFiles.RandomText(seed, pieces: 100);
        var ids = tokenizer.Plain(text);
        for (var split = 0; split <= ids.Count; split += 1 + (split / 8))
        {
            var stream = new TokenStream(tokenizer);
            var head = string.Concat(ids[..split].Select(stream.Append));
            Assert.StartsWith(head, text, StringComparison.Ordinal);
            Assert.True(head.Length == 0 || !char.IsHighSurrogate(head[^1]));
            Assert.Equal(text, head + string.Concat(ids[split..].Select(stream.Append)) + stream.Finish());
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Half_a_surrogate_pair_is_encoded_as_the_replacement_character(int seed)
    {
        var text = VocabularyFiles.RandomText(seed, pieces: 200, halves: true);
        var whole = string.Concat(text.EnumerateRunes());
        foreach (var data in (VocabularyData[])[SmallVocabularies.BytePair, SmallVocabularies.SentencePiece, SmallVocabularies.WordPiece])
        {
            var tokenizer = TokenizerFactory.Create(data);
            Assert.Equal(tokenizer.Plain(whole), tokenizer.Plain(text));
        }
    }

    [Theory]
    [InlineData("gpt-2")]
    [InlineData("qwen2")]
    [InlineData("llama-bpe")]
    [InlineData("llama-spm")]
    public void Real_vocabularies_give_text_back(string name)
    {
        var tokenizer = VocabularyFiles.Open(Repository.Shared("vocab", $"ggml-vocab-{name}.gguf"));
        for (var seed = 0; seed < 20; seed++)
        {
            var text = VocabularyFiles.RandomText(seed, pieces: 500).Replace('▁', '_');
            Assert.Equal(text, tokenizer.Decode(tokenizer.Plain(text)));
        }
    }

    [Fact]
    public void Many_threads_get_the_same_ids()
    {
        var tokenizer = VocabularyFiles.Open(Repository.Model);
        string[] texts = [.. Enumerable.Range(0, 64).Select(seed => VocabularyFiles.RandomText(seed, pieces: 400))];
        int[][] alone = [.. texts.Select(text => tokenizer.Plain(text).ToArray())];
        Parallel.For(0, 512, i => Assert.Equal(alone[i % 64], tokenizer.Plain(texts[i % 64])));
    }
}
