using Homegrown.Engine.Formats;
using Homegrown.Engine.Tokenizers.Decoders;
using Homegrown.Engine.Tokenizers.Models;
using Homegrown.Engine.Tokenizers.Normalizers;
using Homegrown.Engine.Tokenizers.PreTokenizers;

namespace Homegrown.Engine.Tokenizers.Folders;

/// <summary>tokenizer.model: the stages of sentencepiece (Kudo and Richardson, arXiv 1808.06226).</summary>
static class SentencePieceFolder
{
    /// <summary>What an unknown character costs below the least likely piece (kUnkPenalty).</summary>
    const float UnknownPenalty = 10;

    /// <exception cref="ModelFileException">The file is no sentencepiece model, or lacks what it needs.</exception>
    public static Pipeline Read(string path, FolderSettings settings)
    {
        var file = SentencePieceFile.Read(path);
        var unknown = file.Pieces.ToList().FindIndex(piece => piece.Kind == TokenKind.Unknown);
        if (unknown < 0) throw new ModelFileException(path, "pieces", 0, "none is of type 2 (unknown), so text with other characters has no ids");

        var added = settings.Added().Where(token => token.Id >= file.Pieces.Count || file.Pieces[token.Id].Kind == TokenKind.Control).ToList();
        foreach (var (id, piece) in file.Pieces.Index())
            if (piece.Kind == TokenKind.Control && !added.Exists(token => token.Id == id))
                added.Add(new(id, piece.Text, false, false, false, Normalized: false, Special: true));
        var kinds = TokenizerJson.Kinds(added);
        var spellings = file.Pieces.Select(piece => piece.Text).ToHashSet(StringComparer.Ordinal);
        var tokens = new TokenTable(
            [.. file.Pieces.Index().Select(piece => (piece.Item.Text, piece.Index)), .. added.Where(token => spellings.Add(token.Content)).Select(token => (token.Content, token.Id))],
            (id, _) => kinds.TryGetValue(id, out var kind) ? kind : id < file.Pieces.Count ? file.Pieces[id].Kind : TokenKind.Normal);

        var userDefined = Trie(file, piece => piece.Kind == TokenKind.UserDefined);
        List<PieceStep> steps = TokenizerJson.WordsAreApart(tokens) ? [new CutStep(new WordStartFinder(), CutBehavior.Isolated)] : [];
        return new Pipeline
        {
            Tokens = tokens,
            Added = added,
            Normalizer = new SentencePieceNormalizer(new(
                Map(file), userDefined, file.AddsDummyPrefix, file.SpaceAsSuffix, file.RemovesExtraSpaces, file.EscapesSpaces)),
            PreTokenizer = steps,
            Model = file.IsBytePair ? BytePair(file, userDefined, unknown) : Unigram(file, tokens, unknown),
            Template = Template(settings, tokens),
            Decoder = new SentencePieceDecoder(
                file.AddsDummyPrefix || file.RemovesExtraSpaces, file.RemovesExtraSpaces, file.Pieces[unknown].Text, file.UnknownText),
            PrefixesSpace = file.AddsDummyPrefix && !file.SpaceAsSuffix,
        };
    }

    /// <summary>What transformers' class of the folder adds, unless the folder says it.</summary>
    static SequenceTemplate Template(FolderSettings settings, TokenTable tokens)
    {
        var addsBos = settings.Flag("add_bos_token") ?? settings.TokenizerClass is "LlamaTokenizer" or "LlamaTokenizerFast" or "GemmaTokenizer";
        var addsEos = settings.Flag("add_eos_token") ?? settings.TokenizerClass is "T5Tokenizer";
        return SequenceTemplate.Around(addsBos ? Id("bos_token", "<s>") : null, addsEos ? Id("eos_token", "</s>") : null);

        int? Id(string name, string usual) => tokens.Find(settings.Spelling(name) ?? usual);
    }

    static CharacterMap? Map(SentencePieceFile file)
    {
        if (file.CharacterMap.Length == 0) return null;
        try
        {
            return new CharacterMap(file.CharacterMap);
        }
        catch (FormatException error)
        {
            throw new ModelFileException(file.Path, "normalizer_spec, field 2", 0, $"no character map: {error.Message}");
        }
    }

    static SentencePieceBytePair BytePair(SentencePieceFile file, PieceTrie userDefined, int unknown)
    {
        var data = new VocabularyData
        {
            File = file.Path,
            Tokens = [.. file.Pieces.Select(piece => piece.Text)],
            Scores = [.. file.Pieces.Select(piece => piece.Score)],
            Kinds = [.. file.Pieces.Select(piece => (int)piece.Kind)],
        };
        return new(new SentencePieceMerges(new Vocabulary(data, static (_, _) => { }), data, unknown), userDefined, unknown, fusesUnknown: !file.ByteFallback);
    }

    static UnigramModel Unigram(SentencePieceFile file, TokenTable tokens, int unknown)
    {
        var normal = file.Pieces.Where(piece => piece.Kind == TokenKind.Normal).Select(piece => piece.Score).DefaultIfEmpty(0).ToList();
        var best = normal.Max();
        // A user-defined piece is better than anything of its length (in bytes).
        double[] scores =
        [
            .. file.Pieces.Select(piece => piece.Kind == TokenKind.UserDefined
                ? (float)((System.Text.Encoding.UTF8.GetByteCount(piece.Text) * best) - 0.1)
                : piece.Score),
        ];
        return new(
            Trie(file, piece => piece.Kind is TokenKind.Normal or TokenKind.UserDefined),
            id => scores[id],
            new(unknown, normal.Min() - UnknownPenalty, file.ByteFallback ? tokens.ByteTokens() : null, SinglePrecision: true));
    }

    static PieceTrie Trie(SentencePieceFile file, Func<SentencePiece, bool> takes)
    {
        var trie = new PieceTrie();
        foreach (var (id, piece) in file.Pieces.Index())
            if (piece.Text.Length > 0 && takes(piece)) trie.Add(piece.Text, id);
        return trie;
    }
}
