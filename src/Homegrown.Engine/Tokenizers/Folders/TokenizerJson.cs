using Homegrown.Engine.Formats;
using Homegrown.Engine.Tokenizers.Decoders;
using Homegrown.Engine.Tokenizers.Models;
using Homegrown.Engine.Tokenizers.Normalizers;
using Homegrown.Engine.Tokenizers.PreTokenizers;
using Homegrown.Engine.Tokenizers.Regexes;

namespace Homegrown.Engine.Tokenizers.Folders;

/// <summary>tokenizer.json, the file of the tokenizers library: all stages, each with its type and options.</summary>
static class TokenizerJson
{
    /// <exception cref="ModelFileException">The file is no JSON, or a field is missing, unknown or out of range.</exception>
    public static Pipeline Read(string path)
    {
        var json = JsonSource.Open(path);
        var model = json["model"];
        var list = ModelReader.Tokens(model);
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (piece, id) in list) ids[piece] = id;
        var owners = list.ToDictionary(token => token.Id, token => token.Piece);
        var added = new List<AddedToken>();
        foreach (var item in json.Find("added_tokens")?.Items ?? [])
        {
            var token = Added(item, ids);
            if (!owners.TryAdd(token.Id, token.Content) && owners[token.Id] != token.Content)
                throw item["id"].Error($"token {token.Id} is there twice, as '{owners[token.Id]}' and as '{token.Content}'");
            if (!ids.ContainsKey(token.Content)) list.Add((token.Content, token.Id));
            ids[token.Content] = token.Id;
            added.Add(token);
        }

        var kinds = Kinds(added);
        var tokens = new TokenTable(list, (id, piece) => kinds.TryGetValue(id, out var kind) ? kind
            : Vocabulary.ByteOf(piece) is not null ? TokenKind.Byte : TokenKind.Normal);
        List<PieceStep> steps = json.Find("pre_tokenizer") is { } cut ? [.. PreTokenizerReader.Read(cut)] : [];
        var bytes = LeavesBytesToModel(steps, model);
        if (bytes) steps.RemoveAt(steps.Count - 1);
        else if (MergesWords(model, tokens)) steps.Add(new CutStep(new WordStartFinder(), CutBehavior.Isolated));
        return new Pipeline
        {
            Tokens = tokens,
            Added = added,
            Normalizer = json.Find("normalizer") is { } normalizer ? NormalizerReader.Read(normalizer) : null,
            PreTokenizer = steps,
            Model = ModelReader.Read(model, tokens, bytes),
            Template = json.Find("post_processor") is { } template ? TemplateReader.Read(template, tokens.Count) : SequenceTemplate.Bare,
            Decoder = json.Find("decoder") is { } decoder ? DecoderReader.Read(decoder) : new SpaceBetween(),
        };
    }

    /// <summary>What added tokens are; of one added twice the first counts.</summary>
    public static Dictionary<int, TokenKind> Kinds(IEnumerable<AddedToken> added)
    {
        var kinds = new Dictionary<int, TokenKind>();
        foreach (var token in added) kinds.TryAdd(token.Id, token.Special ? TokenKind.Control : TokenKind.UserDefined);
        return kinds;
    }

    static AddedToken Added(JsonField json, Dictionary<string, int> ids)
    {
        var content = json["content"].Text;
        // A token of the model keeps its id, whatever stands here.
        var id = ids.TryGetValue(content, out var known) ? known : ModelReader.CheckId(json["id"]);
        return Added(json, id);
    }

    /// <summary>A token and its flags, as tokenizer_config.json writes them too.</summary>
    public static AddedToken Added(JsonField json, int id)
    {
        var special = json.Find("special")?.Flag ?? false;
        return new(
            id,
            json["content"].Text,
            json.Find("single_word")?.Flag ?? false,
            json.Find("lstrip")?.Flag ?? false,
            json.Find("rstrip")?.Flag ?? false,
            json.Find("normalized")?.Flag ?? !special,
            special);
    }

    /// <summary>Spelling bytes as letters, to look the letters up, is left out where the model can read bytes.</summary>
    static bool LeavesBytesToModel(List<PieceStep> steps, JsonField model) =>
        steps is [.., RewriteStep { Normalizer: ByteLetters }] && ModelReader.TypeOf(model) == "BPE"
        && model.Find("byte_fallback")?.Flag is not true
        && string.IsNullOrEmpty(model.Find("continuing_subword_prefix")?.Text) && string.IsNullOrEmpty(model.Find("end_of_word_suffix")?.Text);

    /// <summary>Merging a text as a whole or word by word gives the same tokens.</summary>
    static bool MergesWords(JsonField model, TokenTable tokens) =>
        ModelReader.TypeOf(model) == "BPE" && model.Find("ignore_merges")?.Flag is not true
        && string.IsNullOrEmpty(model.Find("continuing_subword_prefix")?.Text) && string.IsNullOrEmpty(model.Find("end_of_word_suffix")?.Text)
        && WordsAreApart(tokens);

    /// <summary>No token goes on after a word, and ▁ is one: words can be merged alone, each in its turn.</summary>
    public static bool WordsAreApart(TokenTable tokens)
    {
        if (tokens.FindText("▁") < 0) return false;
        var words = new WordStartFinder();
        var matches = new List<Match>();
        foreach (var (_, piece) in tokens.Texts)
        {
            matches.Clear();
            words.Find(piece, matches);
            if (matches.Count > 1) return false;
        }
        return true;
    }
}
