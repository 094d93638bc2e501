using Homegrown.Engine.Tokenizers;
using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Tokenizers;

public class WordPieceTests
{
    [Fact]
    public void Words_are_cut_into_the_longest_pieces_or_are_unknown()
    {
        var tokenizer = TokenizerFactory.Create(SmallVocabularies.WordPiece);
        Assert.Equal(["▁un", "aff", "able"], tokenizer.Pieces("unaffable"));
        Assert.Equal(["[UNK]", "▁,", "▁un"], tokenizer.Pieces("unaffably, un"));
    }

    [Fact]
    public void Case_and_accents_go_unless_the_file_keeps_them()
    {
        var data = SmallVocabularies.WordPiece;
        Assert.Equal(["▁cafe", "▁cafe"], TokenizerFactory.Create(data).Pieces("CAFÉ cafe\u0301"));
        Assert.Equal(["[UNK]", "▁cafe"], TokenizerFactory.Create(data with { Lowercase = false, StripAccents = true }).Pieces("CAFÉ café"));
        Assert.Equal(["▁cafe", "[UNK]"], TokenizerFactory.Create(data with { StripAccents = false }).Pieces("CAFE café"));
    }

    [Fact]
    public void Hangul_is_decomposed_into_all_of_its_letters() =>
        Assert.Equal(["▁ᄒ", "ᅡ", "ᆫ"], TokenizerFactory.Create(SmallVocabularies.WordPiece).Pieces("한"));

    [Fact]
    public void Ideographs_are_words_of_their_own_and_control_characters_are_nothing() =>
        Assert.Equal(["▁日", "▁本", "▁un"], TokenizerFactory.Create(SmallVocabularies.WordPiece).Pieces("日本\u0000u\u200Bn\uFFFD"));
}
