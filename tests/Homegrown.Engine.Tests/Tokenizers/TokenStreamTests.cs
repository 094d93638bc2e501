using Homegrown.Engine.Tokenizers;

namespace Homegrown.Engine.Tests.Tokenizers;

public class TokenStreamTests
{
    readonly Tokenizer bytePair = TokenizerFactory.Create(SmallVocabularies.BytePair);
    readonly Tokenizer sentencePiece = TokenizerFactory.Create(SmallVocabularies.SentencePiece);

    int[] Bytes(params byte[] values) => [.. values.Select(value => sentencePiece.Id($"<0x{value:X2}>"))];

    [Fact]
    public void The_bytes_of_a_character_wait_for_the_last()
    {
        var stream = new TokenStream(sentencePiece);
        Assert.Equal(["", "", "", "🦙"], Bytes(0xF0, 0x9F, 0xA6, 0x99).Select(stream.Append));
        Assert.Equal("", stream.Finish());
    }

    [Fact]
    public void An_unfinished_character_ends_as_the_replacement_character()
    {
        var stream = new TokenStream(sentencePiece);
        Assert.Equal(["", "", ""], Bytes(0xF0, 0x9F, 0xA6).Select(stream.Append));
        Assert.Equal("\uFFFD", stream.Finish());
    }

    [Fact]
    public void A_broken_character_is_replaced_and_what_follows_is_kept()
    {
        var stream = new TokenStream(sentencePiece);
        Assert.Equal(["", "\uFFFDa", "\uFFFD", "b"], Bytes(0xE2, (byte)'a', 0xFF, (byte)'b').Select(stream.Append));
    }

    [Fact]
    public void Control_tokens_leave_no_trace_unless_asked_for()
    {
        int[] ids = [bytePair.Id("<|im_start|>"), bytePair.Id("low"), bytePair.Id("<|im_end|>")];
        Assert.Equal("low", bytePair.Decode(ids));
        Assert.Equal("<|im_start|>low<|im_end|>", bytePair.Decode(ids, showControl: true));
    }

    [Fact]
    public void The_space_that_encoding_put_first_is_dropped_once_and_only_at_the_start()
    {
        int[] ids = [sentencePiece.Id("<s>"), sentencePiece.Id("▁a"), sentencePiece.Id("▁a")];
        Assert.Equal("a a", sentencePiece.Decode(ids));
        var continuation = new TokenStream(sentencePiece, atStart: false);
        Assert.Equal([" a", " a"], ids[1..].Select(continuation.Append));
    }

    [Fact]
    public void A_file_without_a_space_prefix_keeps_all_spaces()
    {
        var plain = TokenizerFactory.Create(SmallVocabularies.SentencePiece with { AddSpacePrefix = false });
        Assert.Equal(["▁", "aa"], plain.Pieces(" aa"));
        Assert.Equal(["a"], plain.Pieces("a"));
        Assert.Equal(" aa", plain.Decode(plain.Plain(" aa")));
    }

    [Fact]
    public void WordPiece_joins_pieces_and_separates_words()
    {
        var tokenizer = TokenizerFactory.Create(SmallVocabularies.WordPiece);
        Assert.Equal("unaffable , cafe", tokenizer.Decode(tokenizer.Encode("Unaffable, café")));
    }

    [Fact]
    public void A_token_of_any_length_is_decoded()
    {
        var longPiece = new string('x', 5000);
        var data = SmallVocabularies.BytePair;
        var tokenizer = TokenizerFactory.Create(data with { Tokens = [.. data.Tokens, longPiece], Kinds = null, Scores = null });
        Assert.Equal(longPiece, tokenizer.Decode([tokenizer.Id(longPiece)]));
    }
}
