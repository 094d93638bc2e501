using Homegrown.Engine.Tokenizers;

namespace Homegrown.Engine.Tests.Tokenizers;

public class SentencePieceTests
{
    readonly Tokenizer tokenizer = TokenizerFactory.Create(SmallVocabularies.SentencePiece);

    [Fact]
    public void The_pair_with_the_highest_score_joins_first()
    {
        // aa (-262) before ab (-263) before ▁a (-264): ▁ a a b gives ▁ aa b, then aab.
        Assert.Equal(["▁", "aab"], tokenizer.Pieces("aab"));
        Assert.Equal(["▁", "ab"], tokenizer.Pieces("ab"));
    }

    [Fact]
    public void Of_equal_scores_the_leftmost_joins_first()
    {
        var flat = TokenizerFactory.Create(SmallVocabularies.SentencePiece with { Scores = null });
        Assert.Equal(["▁a", "ab"], flat.Pieces("aab"));
    }

    [Fact]
    public void A_character_without_a_piece_becomes_its_bytes()
    {
        Assert.Equal(["▁", "<0xC3>", "<0xA9>", "<0xF0>", "<0x9F>", "<0xA6>", "<0x99>"], tokenizer.Pieces("é🦙"));
    }

    [Fact]
    public void Without_byte_tokens_it_is_unknown()
    {
        var data = new VocabularyData { Model = "llama", Tokens = ["<unk>", "<s>", "</s>", "▁", "a"], Kinds = [2, 3, 3, 1, 1] };
        Assert.Equal(["▁", "a", "<unk>", "<unk>"], TokenizerFactory.Create(data).Pieces("aé🦙"));
    }

    [Fact]
    public void A_character_that_is_only_a_part_of_a_piece_joins_too()
    {
        var data = SmallVocabularies.SentencePiece;
        var odd = TokenizerFactory.Create(data with { Tokens = [.. data.Tokens, "é🦙"], Kinds = [.. data.Kinds!, 1], Scores = [.. data.Scores!, 0] });
        Assert.Equal(["▁", "é🦙", "<0xC3>", "<0xA9>"], odd.Pieces("é🦙é"));
    }

    [Theory]
    [InlineData("aab ab  aaab a")]
    [InlineData("  a▁b▁ ▁aab")]
    public void Words_are_encoded_alone_only_where_that_makes_no_difference(string text)
    {
        var data = SmallVocabularies.SentencePiece;
        // A piece over the border of words that no text reaches: everything is merged as one.
        var whole = TokenizerFactory.Create(data with { Tokens = [.. data.Tokens, "q▁q▁q"], Kinds = [.. data.Kinds!, 1], Scores = [.. data.Scores!, 0] });
        Assert.Equal(whole.Plain(text), tokenizer.Plain(text));

        var joined = TokenizerFactory.Create(data with { Tokens = [.. data.Tokens, "b▁", "b▁a"], Kinds = [.. data.Kinds!, 1, 1], Scores = [.. data.Scores!, 1, 1] });
        Assert.Equal(["▁a", "b▁a"], joined.Pieces("ab a"));
    }

    [Fact]
    public void No_text_is_no_token() => Assert.Empty(tokenizer.Plain(""));
}
