using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
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

    [Fact]
    public void Canonical_decomposition_is_Unicodes()
    {
        var reference = JsonDocument.Parse(File.ReadAllText(Repository.Shared("tokenizers", "unicode", "normalizers.json")))
            .RootElement.EnumerateArray().Single(form => form.GetProperty("name").GetString() == "NFD");
        // One line for each character that decomposes. U+11938 is missing in the reference, which follows Unicode 9.
        var lines = new StringBuilder();
        var count = 0;
        for (var point = 0; point < 0x110000; point++)
            if (point != 0x11938 && CanonicalDecomposition.TryGet(point, out _, out _))
            {
                lines.Append(char.ConvertFromUtf32(point)).Append('\t');
                Append(point);
                lines.Append('\n');
                count++;
            }
        Assert.Equal(reference.GetProperty("count").GetInt32(), count);
        Assert.Equal(reference.GetProperty("sha256").GetString(), Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(lines.ToString()))));

        void Append(int point)
        {
            if (!CanonicalDecomposition.TryGet(point, out var first, out var second))
            {
                lines.Append(char.ConvertFromUtf32(point));
                return;
            }
            Append(first);
            if (second != 0) lines.Append(char.ConvertFromUtf32(second));
        }
    }
}
