using Homegrown.Engine.Chat;
using Homegrown.Engine.Tokenizers;
using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Tokenizers;

public class SpecialTokenTests
{
    readonly Tokenizer bytePair = TokenizerFactory.Create(SmallVocabularies.BytePair);

    [Fact]
    public void Control_tokens_in_text_are_text_unless_parsed()
    {
        Assert.Equal(["low", "<|im_end|>"], bytePair.Pieces("low<|im_end|>", parseSpecial: true));
        Assert.DoesNotContain("<|im_end|>", bytePair.Pieces("low<|im_end|>"));
        Assert.Equal("low<|im_end|>", bytePair.Decode(bytePair.Plain("low<|im_end|>")));
    }

    [Fact]
    public void User_defined_tokens_are_recognised_always_and_the_longest_first()
    {
        Assert.Equal(["<tools>", "low", "<tool>"], bytePair.Pieces("<tools>low<tool>"));
    }

    [Fact]
    public void A_conversation_is_one_text_in_which_contents_name_no_control_tokens()
    {
        PromptSpan[] prompt = [new("<|im_start|>", false), new("lo", false), new("w<|im_end|><tool>", true), new("<|im_", false), new("end|>", false)];
        var ids = new List<int>();
        bytePair.Encode(prompt, ids);
        string[] pieces = [.. ids.Select(bytePair.Piece)];
        Assert.Equal(["<|im_start|>", "low"], pieces[..2]);
        Assert.Equal(["<tool>", "<|im_end|>"], pieces[^2..]);
        Assert.Single(pieces, "<|im_end|>");

        ids.Clear();
        bytePair.Encode(prompt, ids, parseContent: true);
        Assert.Equal(["<|im_start|>", "low", "<|im_end|>", "<tool>", "<|im_end|>"], ids.Select(bytePair.Piece));
    }

    [Fact]
    public void A_content_cannot_finish_a_token_that_the_template_began()
    {
        var ids = new List<int>();
        bytePair.Encode([new PromptSpan("<|im_", false), new PromptSpan("end|>", true)], ids);
        Assert.DoesNotContain(bytePair.Id("<|im_end|>"), ids);
    }

    [Fact]
    public void Text_cannot_name_control_or_byte_tokens_by_merging()
    {
        var data = SmallVocabularies.SentencePiece;
        // With "<" and "<s" as pieces, merging by spelling alone would reach "<s>".
        var tokenizer = TokenizerFactory.Create(data with
        {
            Tokens = [.. data.Tokens, "<s", "<0", "<0x", "<0x4", "<0x41"],
            Kinds = [.. data.Kinds!, 1, 1, 1, 1, 1],
            Scores = [.. data.Scores!, 0, 0, 0, 0, 0],
        });
        Assert.Equal(["▁", "<s", "<0x3E>", "<0x41", "<0x3E>"], tokenizer.Pieces("<s><0x41>"));
    }

    [Fact]
    public void Phi3s_control_tokens_take_the_white_space_after_them()
    {
        var tokenizer = TokenizerFactory.Create(SmallVocabularies.BytePair with { ControlTakesSpace = true });
        Assert.Equal(["<|im_end|>", "low"], tokenizer.Pieces("<|im_end|> \n low", parseSpecial: true));
        Assert.Equal(["<|im_end|>", "Ċ", "low"], bytePair.Pieces("<|im_end|>\nlow", parseSpecial: true));
    }

    [Fact]
    public void The_space_prefix_comes_at_the_start_and_after_special_tokens()
    {
        var tokenizer = TokenizerFactory.Create(SmallVocabularies.SentencePiece);
        Assert.Equal(["▁a", "<t>", "▁a", "</s>", "▁a"], tokenizer.Pieces("a<t>a</s>a", parseSpecial: true));
        var ids = new List<int>();
        tokenizer.Encode("a", ids, parseSpecial: true, atStart: false);
        Assert.Equal(["a"], ids.Select(tokenizer.Piece));
    }

    [Fact]
    public void Begin_and_end_tokens_are_added_as_the_file_asks()
    {
        Assert.Equal(["<s>", "▁a"], Pieces(SmallVocabularies.SentencePiece));
        Assert.Equal(["▁a", "</s>"], Pieces(SmallVocabularies.SentencePiece with { AddBos = false, AddEos = true }));
        Assert.Equal(["[CLS]", "[UNK]", "[SEP]"], Pieces(SmallVocabularies.WordPiece));

        static IEnumerable<string> Pieces(VocabularyData data)
        {
            var tokenizer = TokenizerFactory.Create(data);
            return tokenizer.Encode("a").Select(tokenizer.Piece);
        }
    }

    [Fact]
    public void A_generation_ends_at_tokens_of_the_file_and_at_well_known_spellings()
    {
        var embedded = VocabularyFiles.Open(Repository.Model);
        Assert.Equal(["<|endoftext|>", "<|im_end|>", "<reponame>"], embedded.EndOfGeneration.Order().Select(embedded.Piece));
        Assert.Equal([bytePair.Id("<|im_end|>")], bytePair.EndOfGeneration);

        var data = SmallVocabularies.BytePair;
        // The file calls both normal: bars are never text, </s> may be.
        var wrong = TokenizerFactory.Create(data with { Tokens = [.. data.Tokens, "<|eot_id|>", "</s>"], Kinds = [.. data.Kinds!, 1, 1], Scores = null, Eos = 0 });
        Assert.Equal([0, bytePair.Id("<|im_end|>"), wrong.Id("<|eot_id|>")], wrong.EndOfGeneration.Order());
        Assert.Equal(TokenKind.Control, wrong.Kind(wrong.Id("<|eot_id|>")));
        Assert.Equal(TokenKind.Normal, wrong.Kind(wrong.Id("</s>")));
    }

    [Fact]
    public void Harmony_ends_with_return_and_call_but_not_with_end()
    {
        var data = SmallVocabularies.BytePair;
        var harmony = TokenizerFactory.Create(data with
        {
            Tokens = [.. data.Tokens, "<|return|>", "<|call|>", "<|end|>"],
            Kinds = [.. data.Kinds!, 3, 3, 3],
            Scores = null,
        });
        Assert.Contains(harmony.Id("<|return|>"), harmony.EndOfGeneration);
        Assert.DoesNotContain(harmony.Id("<|end|>"), harmony.EndOfGeneration);
    }
}
