using Homegrown.Engine.Formats;
using Homegrown.Engine.Tokenizers.Decoders;
using Homegrown.Engine.Tokenizers.Models;
using Homegrown.Engine.Tokenizers.Normalizers;
using Homegrown.Engine.Tokenizers.PreTokenizers;
using Homegrown.Engine.Tokenizers.Regexes;
using Homegrown.Engine.Tokenizers.Unicode;

namespace Homegrown.Engine.Tokenizers.Folders;

/// <summary>Folders from before tokenizer.json: vocab.txt (BERT), vocab.json with merges.txt (GPT-2 and its heirs).</summary>
static class WordFiles
{
    /// <summary>Of a word that BERT looks at.</summary>
    const int MostCharacters = 100;

    /// <summary>vocab.txt: one token a line, its number from 0 the id.</summary>
    /// <exception cref="ModelFileException">The unknown token or one of those around a text is not in it.</exception>
    public static Pipeline ReadWordPiece(string path, FolderSettings settings)
    {
        var list = File.ReadLines(path).Select((line, id) => (line.TrimEnd('\r', '\n'), id)).ToList();
        var spellings = list.Select(token => token.Item1).ToHashSet(StringComparer.Ordinal);
        string[] names = ["unk_token", "cls_token", "sep_token", "pad_token", "mask_token"];
        string[] usual = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"];
        var special = names.Zip(usual, (name, spelling) => settings.Spelling(name) ?? spelling).Where(spellings.Contains).ToHashSet(StringComparer.Ordinal);
        var ids = list.Where(token => special.Contains(token.Item1)).ToDictionary(token => token.Item1, token => token.id);
        List<AddedToken> added = [.. ids.Select(token => new AddedToken(token.Value, token.Key, false, false, false, Normalized: false, Special: true))];
        added.AddRange(settings.Added().Where(token => !ids.ContainsKey(token.Content)));
        var kinds = TokenizerJson.Kinds(added);
        var tokens = new TokenTable(
            [.. list, .. added.Where(token => spellings.Add(token.Content)).Select(token => (token.Content, token.Id))],
            (id, _) => kinds.GetValueOrDefault(id, TokenKind.Normal));
        var lowercase = settings.Flag("do_lower_case") ?? true;
        return new Pipeline
        {
            Tokens = tokens,
            Added = added,
            Normalizer = new BertNormalizer(cleanText: true, settings.Flag("tokenize_chinese_chars") ?? true, settings.Flag("strip_accents") ?? lowercase, lowercase),
            PreTokenizer =
            [
                new CutStep(new SetFinder(LibraryClasses.Space), CutBehavior.Removed),
                new CutStep(new SetFinder(LibraryClasses.Punctuation), CutBehavior.Isolated),
            ],
            Model = ModelReader.WordPiece(tokens, Id(0), "##", MostCharacters),
            Template = SequenceTemplate.Bert(Id(1), Id(2)),
            Decoder = TokenDecoders.WordPiece("##", cleanup: true),
        };

        int Id(int which) => tokens.Find(settings.Spelling(names[which]) ?? usual[which])
            ?? throw new ModelFileException(path, names[which], 0, $"'{settings.Spelling(names[which]) ?? usual[which]}' is not in the vocabulary");
    }

    /// <summary>vocab.json, spellings and ids, and merges.txt, a merge a line, best first.</summary>
    /// <exception cref="ModelFileException">A file is broken, or a merge names what the vocabulary lacks.</exception>
    public static Pipeline ReadBytePair(string path, string mergesPath, FolderSettings settings)
    {
        var list = JsonSource.Open(path).Members.Select(member => (member.Name, ModelReader.CheckId(member.Field))).ToList();
        var spellings = list.Select(token => token.Name).ToHashSet(StringComparer.Ordinal);
        var added = settings.Added();
        foreach (var name in (string[])["bos_token", "eos_token", "unk_token", "pad_token"])
            if (settings.Spelling(name) is { } spelling && list.Find(token => token.Name == spelling) is (not null, var id) && !added.Exists(token => token.Content == spelling))
                added.Add(new(id, spelling, false, false, false, Normalized: false, Special: true));
        var kinds = TokenizerJson.Kinds(added);
        var tokens = new TokenTable(
            [.. list, .. added.Where(token => spellings.Add(token.Content)).Select(token => (token.Content, token.Id))],
            (id, _) => kinds.GetValueOrDefault(id, TokenKind.Normal));
        var isQwen = settings.TokenizerClass?.StartsWith("Qwen2", StringComparison.Ordinal) == true;
        return new Pipeline
        {
            Tokens = tokens,
            Added = added,
            Normalizer = isQwen ? new UnicodeForm(byCompatibility: false, composes: true) : null,
            PreTokenizer = isQwen
                ? [new CutStep(new RegexFinder(new LinearRegex(RankFamily.Qwen.Pattern)), CutBehavior.Isolated)]
                : [.. PreTokenizerReader.ByteLevel(settings.Flag("add_prefix_space") ?? false, cutsWords: true).SkipLast(1)],
            Model = new BytePairModel(tokens, Merges(mergesPath, tokens), new() { Bytes = true }),
            Template = settings.TokenizerClass?.StartsWith("Roberta", StringComparison.Ordinal) == true && Id("cls_token") is { } cls && Id("sep_token") is { } separator
                ? SequenceTemplate.Roberta(cls, separator)
                : SequenceTemplate.Around(settings.Flag("add_bos_token") is true ? Id("bos_token") : null, null),
            Decoder = new ByteLevel(),
        };

        int? Id(string name) => settings.Spelling(name) is { } spelling ? tokens.Find(spelling) : null;
    }

    static MergeTable Merges(string path, TokenTable tokens)
    {
        var (merges, rank, number, offset) = (new MergeTable(), 0, 0, 0L);
        foreach (var line in File.ReadLines(path))
        {
            number++;
            if (line.Length > 0 && !(number == 1 && line.StartsWith("#version", StringComparison.Ordinal)))
            {
                var space = line.IndexOf(' ', 1);
                if (space < 0 || space == line.Length - 1) throw Error("not two pieces with a space between");
                merges.Add(Known(line[..space]), Known(line[(space + 1)..]), rank++, Known(line.Remove(space, 1)));
            }
            offset += System.Text.Encoding.UTF8.GetByteCount(line) + 1;
        }
        return merges;

        int Known(string piece) => tokens.Find(piece) ?? throw Error($"'{piece}' is not in the vocabulary");

        ModelFileException Error(string problem) => new(path, $"line {number}", offset, problem);
    }
}
