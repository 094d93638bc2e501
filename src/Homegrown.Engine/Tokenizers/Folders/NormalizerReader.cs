using Homegrown.Engine.Tokenizers.Normalizers;
using Homegrown.Engine.Tokenizers.Regexes;

namespace Homegrown.Engine.Tokenizers.Folders;

/// <summary>"normalizer" of tokenizer.json.</summary>
static class NormalizerReader
{
    /// <exception cref="Formats.ModelFileException">A type is unknown, or a field is not what it should be.</exception>
    public static Normalizer Read(JsonField json)
    {
        var type = json["type"].Text;
        return type switch
        {
            "Sequence" => new NormalizerSequence([.. json["normalizers"].Items.Select(Read)]),
            "NFC" => new UnicodeForm(byCompatibility: false, composes: true),
            "NFD" => new UnicodeForm(byCompatibility: false, composes: false),
            "NFKC" => new UnicodeForm(byCompatibility: true, composes: true),
            "NFKD" => new UnicodeForm(byCompatibility: true, composes: false),
            "Lowercase" => new Lowercase(),
            "StripAccents" => new StripAccents(),
            "Nmt" => new Nmt(),
            "Strip" => new Strip(json["strip_left"].Flag, json["strip_right"].Flag),
            "Prepend" => new Prepend(json["prepend"].Text),
            "Replace" => new Replace(Pattern(json["pattern"]), json["content"].Text),
            "ByteLevel" => new ByteLetters(),
            "Precompiled" => new Precompiled(Map(json["precompiled_charsmap"])),
            "BertNormalizer" => Bert(json),
            _ => throw json["type"].Error($"unknown normalizer '{type}'"),
        };
    }

    /// <summary>{"String": ...} or {"Regex": ...}.</summary>
    public static PatternFinder Pattern(JsonField json)
    {
        if (json.Value.ValueKind == System.Text.Json.JsonValueKind.String) return new TextFinder(json.Text);
        if (json.Find("String") is { } text) return new TextFinder(text.Text);
        var regex = json["Regex"];
        try
        {
            return regex.Text == "\\X" ? new ClusterFinder() : new RegexFinder(new LinearRegex(regex.Text));
        }
        catch (RegexSyntaxException error)
        {
            throw regex.Error(error.Message);
        }
    }

    static CharacterMap Map(JsonField json)
    {
        try
        {
            return new CharacterMap(Convert.FromBase64String(json.Text));
        }
        catch (FormatException error)
        {
            throw json.Error($"no character map: {error.Message}");
        }
    }

    static BertNormalizer Bert(JsonField json)
    {
        var lowercase = json.Find("lowercase")?.Flag ?? true;
        return new(
            json.Find("clean_text")?.Flag ?? true,
            json.Find("handle_chinese_chars")?.Flag ?? true,
            // Where the file does not say, accents go with the capitals.
            json.Find("strip_accents")?.Flag ?? lowercase,
            lowercase);
    }
}
