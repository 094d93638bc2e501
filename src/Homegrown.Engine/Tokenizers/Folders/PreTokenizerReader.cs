using Homegrown.Engine.Tokenizers.Normalizers;
using Homegrown.Engine.Tokenizers.PreTokenizers;
using Homegrown.Engine.Tokenizers.Regexes;
using Homegrown.Engine.Tokenizers.Unicode;

namespace Homegrown.Engine.Tokenizers.Folders;

/// <summary>"pre_tokenizer" of tokenizer.json.</summary>
static class PreTokenizerReader
{
    /// <summary>GPT-2's words (Radford et al. 2019, encoder.py), which ByteLevel cuts unless told otherwise.</summary>
    const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <exception cref="Formats.ModelFileException">A type is unknown, or a field is not what it should be.</exception>
    public static IEnumerable<PieceStep> Read(JsonField json)
    {
        var type = json["type"].Text;
        return type switch
        {
            "Sequence" => json["pretokenizers"].Items.SelectMany(Read),
            "ByteLevel" => ByteLevel(json.Find("add_prefix_space")?.Flag ?? true, json.Find("use_regex")?.Flag ?? true),
            "Metaspace" => Metaspace(json),
            "Split" => [new CutStep(NormalizerReader.Pattern(json["pattern"]), Behavior(json["behavior"]), json.Find("invert")?.Flag ?? false)],
            "Whitespace" => [new CutStep(Regex(@"[\w\x{200C}\x{200D}]+|[^\w\s\x{200C}\x{200D}]+"), CutBehavior.Removed, inverted: true)],
            "WhitespaceSplit" => [Spaces],
            "BertPreTokenizer" => [Spaces, new CutStep(new SetFinder(LibraryClasses.Punctuation), CutBehavior.Isolated)],
            "Punctuation" => [new CutStep(new SetFinder(LibraryClasses.Punctuation), json.Find("behavior") is { } given ? Behavior(given) : CutBehavior.Isolated)],
            "Digits" => [new CutStep(
                new SetFinder(LibraryClasses.Numeric), json.Find("individual_digits")?.Flag ?? false ? CutBehavior.Isolated : CutBehavior.Contiguous)],
            "CharDelimiterSplit" => [new CutStep(new TextFinder(json["delimiter"].Text), CutBehavior.Removed)],
            "UnicodeScripts" => [new CutStep(new ScriptFinder(), CutBehavior.Removed, inverted: true)],
            "FixedLength" => [new CutStep(new LengthFinder(Math.Max(1, json["length"].Number)), CutBehavior.Isolated)],
            _ => throw json["type"].Error($"unknown pre-tokenizer '{type}'"),
        };
    }

    static CutStep Spaces => new(new SetFinder(LibraryClasses.Space), CutBehavior.Removed);

    public static IEnumerable<PieceStep> ByteLevel(bool prefixesSpace, bool cutsWords)
    {
        if (prefixesSpace) yield return new PrefixSpaceStep();
        if (cutsWords) yield return new CutStep(Regex(Gpt2), CutBehavior.Isolated);
        yield return new RewriteStep(new ByteLetters());
    }

    static IEnumerable<PieceStep> Metaspace(JsonField json)
    {
        var (mark, before) = MetaspaceOptions(json);
        yield return new MetaspaceStep(mark, before);
        if (json.Find("split")?.Flag ?? true) yield return new CutStep(new TextFinder(mark.ToString()), CutBehavior.MergedWithNext);
    }

    /// <summary>The mark, and where a piece gets one before it; older files have add_prefix_space for that.</summary>
    public static (char Mark, SpaceBefore Before) MetaspaceOptions(JsonField json)
    {
        var mark = json["replacement"];
        var before = json.Find("prepend_scheme") is not { } scheme
            ? json.Find("add_prefix_space")?.Flag ?? true ? SpaceBefore.Always : SpaceBefore.Never
            : scheme.Text switch
            {
                "always" => SpaceBefore.Always,
                "first" => SpaceBefore.First,
                "never" => SpaceBefore.Never,
                var other => throw scheme.Error($"'{other}'; known are always, first and never"),
            };
        return mark.Text is [var unit] ? (unit, before) : throw mark.Error($"'{mark.Text}' is not one character");
    }

    static CutBehavior Behavior(JsonField json) => json.Text switch
    {
        "Removed" => CutBehavior.Removed,
        "Isolated" => CutBehavior.Isolated,
        "MergedWithPrevious" => CutBehavior.MergedWithPrevious,
        "MergedWithNext" => CutBehavior.MergedWithNext,
        "Contiguous" => CutBehavior.Contiguous,
        var other => throw json.Error($"unknown behavior '{other}'"),
    };

    static RegexFinder Regex(string pattern) => new(new LinearRegex(pattern));
}
