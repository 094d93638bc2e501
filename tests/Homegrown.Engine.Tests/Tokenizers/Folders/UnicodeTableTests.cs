using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Homegrown.Engine.Tokenizers.Folders;
using Homegrown.Engine.Tokenizers.Normalizers;
using Homegrown.Engine.Tokenizers.Regexes;
using Homegrown.Engine.Tokenizers.Unicode;
using static Homegrown.Engine.Tests.Tokenizers.Folders.TokenizerFolders;

namespace Homegrown.Engine.Tests.Tokenizers.Folders;

/// <summary>Our tables against the libraries' own, over all code points.</summary>
public class UnicodeTableTests
{
    [Theory]
    [InlineData("NFC")]
    [InlineData("NFD")]
    [InlineData("NFKC")]
    [InlineData("NFKD")]
    [InlineData("Lowercase")]
    [InlineData("Nmt")]
    public void Normalizers_change_each_character_as_the_librarys(string name)
    {
        var reference = Json("unicode", "normalizers.json").EnumerateArray().Single(form => form.Text("name") == name);
        Normalizer normalizer = name switch
        {
            "Lowercase" => new Lowercase(),
            "Nmt" => new Nmt(),
            _ => new UnicodeForm(byCompatibility: name.Contains('K'), composes: name.EndsWith('C')),
        };
        var (lines, image, count) = (new StringBuilder(), new TextBuffer(), 0);
        for (var point = 0; point < 0x110000; point++)
        {
            if (!Rune.IsValid(point)) continue;
            var text = char.ConvertFromUtf32(point);
            image.Clear();
            normalizer.Append(text, image);
            if (image.Text.SequenceEqual(text)) continue;
            lines.Append(text).Append('\t').Append(image.Text).Append('\n');
            count++;
        }
        Assert.Equal(reference.GetProperty("count").GetInt32(), count);
        Assert.Equal(reference.Text("sha256"), Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(lines.ToString()))));
    }

    [Theory]
    [InlineData(@"\s")]
    [InlineData(@"\w")]
    [InlineData(@"\d")]
    [InlineData(@"\p{L}")]
    [InlineData(@"\p{Lu}")]
    [InlineData(@"\p{Ll}")]
    [InlineData(@"\p{Lt}")]
    [InlineData(@"\p{Lm}")]
    [InlineData(@"\p{Lo}")]
    [InlineData(@"\p{M}")]
    [InlineData(@"\p{N}")]
    [InlineData(@"\p{P}")]
    [InlineData(@"\p{S}")]
    [InlineData(@"\p{Han}")]
    [InlineData(@"\p{Z}")]
    [InlineData(@"\p{C}")]
    public void Classes_of_regexes_are_Onigurumas(string pattern)
    {
        var set = ((RegexNode.One)RegexParser.Parse(pattern)).Set;
        AssertSame(pattern, set);
    }

    [Fact]
    public void Classes_of_the_other_parts_are_the_librarys()
    {
        AssertSame("bert_pretokenizer_splits", LibraryClasses.Punctuation);
        AssertSame("punctuation_pretokenizer", LibraryClasses.Punctuation);
        AssertSame("digits_pretokenizer", LibraryClasses.Numeric);
        AssertSame("strip_accents_removes", LibraryClasses.Marks);
        AssertSame("whitespace_split", LibraryClasses.Space);
        AssertSame("bert_chinese", LibraryClasses.BertChinese);
        AssertSame("bert_removed_by_clean_text", LibraryClasses.BertControls);
    }

    static void AssertSame(string name, CodePoints set)
    {
        var reference = Json("unicode", "classes.json").GetProperty(name);
        var ranges = string.Join(' ', reference.GetProperty("ranges").EnumerateArray().Select(range => range.GetString()));
        var expected = CodePoints.Parse(ranges).And(CodePoints.All);
        Assert.True(
            expected.Bounds.SequenceEqual(set.Bounds), $"{name}: missing {Show(expected.Except(set))}, too many {Show(set.Except(expected))}");
    }

    static string Show(CodePoints set) => string.Join(' ', set.Bounds.ToArray().Take(12).Select(bound => bound.ToString("X", CultureInfo.InvariantCulture)));
}
