using Homegrown.Engine.Formats;
using Homegrown.Engine.Tokenizers;

namespace Homegrown.Engine.Tests.Tokenizers;

/// <summary>A file's vocabulary is believed in nothing.</summary>
public class BadVocabularyTests
{
    static readonly VocabularyData Good = SmallVocabularies.BytePair;

    public static TheoryData<string, string, VocabularyData> Broken => new()
    {
        { "tokenizer.ggml.model", "'wordy'", Good with { Model = "wordy" } },
        { "tokenizer.ggml.pre", "'gpt-77'", Good with { Pre = "gpt-77" } },
        { "tokenizer.ggml.token_type", "1 entries", Good with { Kinds = [1] } },
        { "tokenizer.ggml.scores", "2 entries", Good with { Scores = [0, 0] } },
        { "tokenizer.ggml.tokens", "'a' is both token", Good with { Tokens = [.. Good.Tokens, "a"], Kinds = null, Scores = null } },
        { "tokenizer.ggml.merges", "entry 1 'low'", Good with { Merges = ["l o", "low"] } },
        { "tokenizer.ggml.merges", "entry 0 ''", Good with { Merges = [""] } },
        { "tokenizer.ggml.eos_token_id", "1000", Good with { Eos = 1000 } },
        { "tokenizer.ggml.eot_token_id", "-7", Good with { EndOfTurn = -7 } },
        { "tokenizer.ggml.bos_token_id", "absent", Good with { AddBos = true } },
        { "tokenizer.ggml.unknown_token_id", "absent", new VocabularyData { Model = "llama" } },
        { "tokenizer.ggml.unknown_token_id", "absent", new VocabularyData { Model = "bert", Tokens = ["a", "b"], Classify = 0, Separator = 1 } },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public void A_broken_vocabulary_names_its_field(string field, string problem, VocabularyData data)
    {
        var error = Assert.Throws<ModelFileException>(() => TokenizerFactory.Create(data with { File = "x.gguf" }));
        Assert.Equal(("x.gguf", field), (error.File, error.Field));
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Merges_of_unknown_pieces_have_no_effect()
    {
        var tokenizer = TokenizerFactory.Create(Good with { Merges = ["x y", "lo zzz", "qq l", .. Good.Merges, "l o"] });
        Assert.Equal(["low", "er", "Ġlow"], tokenizer.Pieces("lower low"));
    }

    [Fact]
    public void Kinds_that_no_one_knows_and_ids_that_say_none_are_nothing_special()
    {
        var tokenizer = TokenizerFactory.Create(Good with { Kinds = [.. Good.Kinds!.Select((kind, id) => id == 0 ? 99 : kind)], Bos = -1, Eos = uint.MaxValue });
        Assert.Equal((TokenKind.Normal, null, null), (tokenizer.Kind(0), tokenizer.Bos, tokenizer.Eos));
    }

    [Fact]
    public void Scores_that_are_no_numbers_still_give_an_order()
    {
        var data = SmallVocabularies.SentencePiece;
        var tokenizer = TokenizerFactory.Create(data with { Scores = [.. data.Scores!.Select((score, id) => id == 262 ? float.NaN : score)] });
        Assert.Equal("aab ab", tokenizer.Decode(tokenizer.Plain("aab ab")));
    }

    [Theory]
    [InlineData("test")]
    [InlineData("none")]
    [InlineData(null)]
    public void A_file_without_a_tokenizer_says_so_when_asked_for_text(string? model)
    {
        var tokenizer = TokenizerFactory.Create(new VocabularyData { Model = model, Tokens = ["tok_0", "tok_1"] });
        Assert.Equal(2, tokenizer.Count);
        Assert.Contains("give token ids", Assert.Throws<NotSupportedException>(() => tokenizer.Encode("a")).Message, StringComparison.Ordinal);
    }
}
