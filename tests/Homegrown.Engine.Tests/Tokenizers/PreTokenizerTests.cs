using System.Text.RegularExpressions;
using Homegrown.Engine.Tokenizers;
using Homegrown.Engine.Tokenizers.PreTokenizers;
using Homegrown.Testing;

namespace Homegrown.Engine.Tests.Tokenizers;

/// <summary>The scanners cut as the regexes say that they stand for.</summary>
public class PreTokenizerTests
{
    const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
    const string Lines = @"(?:'[sSſ]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    const string Cjk = @"[\u4E00-\u9FA5\u0800-\u4E00\uAC00-\uD7FF]+";

    public static TheoryData<string, string[]> Regexes => new()
    {
        { "gpt-2", [Gpt2] },
        { "smollm", [@"\p{N}", Gpt2] },
        { "llama-bpe", [Lines] },
        { "qwen2", [Lines.Replace("{1,3}", "", StringComparison.Ordinal)] },
        { "qwen35", [Lines.Replace("{1,3}", "", StringComparison.Ordinal).Replace(@"?\p{L}+", @"?[\p{L}\p{M}]+", StringComparison.Ordinal)
            .Replace(@" ?[^\s\p{L}\p{N}]", @" ?[^\s\p{L}\p{M}\p{N}]", StringComparison.Ordinal)] },
        { "deepseek-v3", [@"\p{N}{1,3}", "[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+",
            @"[!""#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"] },
        { "deepseek-llm", ["[\r\n]", $@"\s?[{DeepSeekBasic}]+", @"\s?[!-/:-~！-／：-～‘-‟\u3000-。]+", @"\s+\z", Cjk, @"\p{N}+"] },
        { "deepseek-coder", ["[\r\n]", @"\s?\p{L}+", @"\s?\p{P}+", Cjk, @"\p{N}"] },
        { "falcon", [@"[\p{P}$+<=>^~|`]+", Gpt2, "[0-9]{3}"] },
        { "default", [@"[\p{P}$+<=>^~|]+", Gpt2, @"\p{N}+", "[0-9]{3}"] },
    };

    // .NET's regexes work on UTF-16 units and know no letters beyond; those are tested by ids of the reference.
    static string DeepSeekBasic => new([.. DeepSeekLetters.Ranges.TakeWhile(letter => !char.IsSurrogate(letter))]);

    [Theory]
    [MemberData(nameof(Regexes))]
    public void A_scanner_cuts_as_its_regex(string name, string[] regexes)
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var text = new string([.. VocabularyFiles.RandomText(seed, pieces: 60).Where(letter => !char.IsSurrogate(letter))]);
            var expected = regexes.Aggregate((IEnumerable<string>)[text], (pieces, regex) => pieces.SelectMany(piece => Isolate(piece, regex)));
            Assert.Equal(expected, Words(name, text));
        }
    }

    [Fact]
    public void Characters_beyond_16_bits_have_their_classes()
    {
        Assert.Equal(["𐐀𐐁", " 𝟗𝟗", " 🦙🦙", "a"], Words("gpt-2", "𐐀𐐁 𝟗𝟗 🦙🦙a"));
        Assert.Equal([" 𐐀", "𝟗𝟗𝟗", "𝟗", "🦙a"], Words("llama-bpe", " 𐐀𝟗𝟗𝟗𝟗🦙a"));
    }

    [Theory]
    [InlineData(@"\p{L}", (int)CharClass.Letter)]
    [InlineData(@"\p{N}", (int)CharClass.Number)]
    [InlineData(@"\p{M}", (int)CharClass.Mark)]
    [InlineData(@"\p{P}", (int)CharClass.Punctuation)]
    [InlineData(@"\p{S}", (int)CharClass.Symbol)]
    [InlineData(@"\s", (int)CharClass.Space)]
    public void Classes_are_those_of_the_reference_engines(string name, int expected)
    {
        var ranges = System.Text.Json.JsonDocument.Parse(File.ReadAllText(Repository.Shared("tokenizers", "unicode", "classes.json")))
            .RootElement.GetProperty(name).GetProperty("ranges").EnumerateArray().Select(range => range.GetString()!.Split('-'));
        var points = ranges.SelectMany(ends => Enumerable.Range(Convert.ToInt32(ends[0], 16), Convert.ToInt32(ends[^1], 16) - Convert.ToInt32(ends[0], 16) + 1));
        Assert.Equal(
            points,
            Enumerable.Range(0, 0x110000).Where(point => point is < 0xD800 or > 0xDFFF && (CharClasses.At(char.ConvertFromUtf32(point), 0) & (CharClass)expected) != 0));
    }

    static IEnumerable<string> Isolate(string text, string regex)
    {
        var at = 0;
        foreach (Match match in Regex.Matches(text, regex, RegexOptions.CultureInvariant))
        {
            if (match.Index > at) yield return text[at..match.Index];
            if (match.Length > 0) yield return match.Value;
            at = match.Index + match.Length;
        }
        if (at < text.Length) yield return text[at..];
    }

    static List<string> Words(string name, string text)
    {
        var words = new List<string>();
        var start = 0;
        foreach (var end in new WordBuffer().Split(text, PreTokenizerCatalog.Find(new VocabularyData { Pre = name })))
        {
            words.Add(text[start..end]);
            start = end;
        }
        return words;
    }
}
