using System.Text.Json;
using Homegrown.Engine.Tokenizers.Models;

namespace Homegrown.Engine.Tokenizers.Folders;

/// <summary>"model" of tokenizer.json.</summary>
static class ModelReader
{
    /// <summary>Ids that a vocabulary may have: tables are made on their word.</summary>
    const int MostTokens = 1 << 23;

    /// <summary>What an unknown character costs below the least likely token (sentencepiece's kUnkPenalty).</summary>
    const double UnknownPenalty = 10;

    /// <summary>The algorithm; older files do not name it.</summary>
    public static string TypeOf(JsonField json) => json.Find("type")?.Text
        ?? (json.Find("merges") is not null ? "BPE"
            : json["vocab"].Value.ValueKind == JsonValueKind.Array ? "Unigram"
            : json.Find("continuing_subword_prefix") is not null ? "WordPiece" : "WordLevel");

    /// <summary>The tokens of the model, without those added to it.</summary>
    public static List<(string Piece, int Id)> Tokens(JsonField json)
    {
        var vocabulary = json["vocab"];
        var tokens = new List<(string, int)>();
        if (vocabulary.Value.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in vocabulary.Items) tokens.Add((Pair(item).Piece.Text, tokens.Count));
            return tokens;
        }
        var seen = new HashSet<int>();
        foreach (var (piece, id) in vocabulary.Members)
            tokens.Add((piece, seen.Add(CheckId(id)) ? id.Number : throw id.Error($"token {id.Number} is there twice, also as '{piece}'")));
        return tokens;
    }

    /// <summary>The number of a field as an id, which tables can be made for.</summary>
    public static int CheckId(JsonField id) => id.Number < MostTokens ? id.Number : throw id.Error($"id {id.Number}; below {MostTokens} is supported");

    /// <param name="bytes">Pieces are read as bytes: their pre-tokenizer's last step is left to the model.</param>
    public static PieceModel Read(JsonField json, TokenTable tokens, bool bytes) => TypeOf(json) switch
    {
        "BPE" => BytePair(json, tokens, bytes),
        "Unigram" => Unigram(json, tokens),
        "WordPiece" => WordPiece(json, tokens),
        "WordLevel" => new WordLevelModel(tokens, Unknown(json, tokens)),
        var type => throw json["type"].Error($"unknown model '{type}'; known are BPE, Unigram, WordPiece and WordLevel"),
    };

    static BytePairModel BytePair(JsonField json, TokenTable tokens, bool bytes)
    {
        var unknown = json.Find("unk_token");
        var prefix = json.Find("continuing_subword_prefix")?.Text ?? "";
        return new(tokens, Merges(json["merges"], tokens, prefix), new()
        {
            Bytes = bytes,
            Unknown = unknown is { } piece ? tokens.Find(piece.Text) : null,
            FuseUnknown = json.Find("fuse_unk")?.Flag ?? false,
            ByteFallback = json.Find("byte_fallback")?.Flag ?? false,
            ContinuingPrefix = prefix,
            EndSuffix = json.Find("end_of_word_suffix")?.Text ?? "",
            IgnoreMerges = json.Find("ignore_merges")?.Flag ?? false,
        });
    }

    /// <summary>["left", "right"], or "left right" in older files; best first.</summary>
    static MergeTable Merges(JsonField json, TokenTable tokens, string prefix)
    {
        var merges = new List<(int Left, int Right, int Token)>();
        foreach (var item in json.Items)
        {
            var (left, right) = item.Value.ValueKind == JsonValueKind.String ? Split(item) : item.Items.ToArray() is [var a, var b]
                ? (a.Text, b.Text) : throw item.Error("a merge is two pieces");
            var joined = left + (prefix.Length > 0 && right.StartsWith(prefix, StringComparison.Ordinal) ? right[prefix.Length..] : right);
            merges.Add((Known(item, left), Known(item, right), Known(item, joined)));
        }
        var table = new MergeTable();
        // Of a pair given twice the last counts, and the table keeps the first.
        for (var rank = merges.Count - 1; rank >= 0; rank--)
        {
            var (left, right, token) = merges[rank];
            if (tokens.Kind(left) != TokenKind.Control && tokens.Kind(right) != TokenKind.Control && tokens.Kind(token) != TokenKind.Control)
                table.Add(left, right, rank, token);
        }
        return table;

        int Known(JsonField item, string piece) => tokens.Find(piece) ?? throw item.Error($"'{piece}' is not in the vocabulary");
    }

    static (string, string) Split(JsonField item)
    {
        var text = item.Text;
        var space = text.Length < 2 ? -1 : text.IndexOf(' ', 1);
        return space > 0 ? (text[..space], text[(space + 1)..]) : throw item.Error($"'{text}' is not two pieces with a space between");
    }

    static UnigramModel Unigram(JsonField json, TokenTable tokens)
    {
        double[] scores = [.. json["vocab"].Items.Select(item => Pair(item).Score.Real)];
        var unknown = json.Find("unk_id") ?? throw json.Error("has no unk_id, so text with other characters has no ids");
        if (unknown.Number >= scores.Length) throw unknown.Error($"{unknown.Number} is no token; the vocabulary has {scores.Length}");
        var pieces = new PieceTrie();
        foreach (var (id, piece) in tokens.Texts)
            if (id < scores.Length && piece.Length > 0) pieces.Add(piece, id);
        var byteTokens = json.Find("byte_fallback")?.Flag ?? false ? tokens.ByteTokens() : null;
        return new(pieces, id => scores[id], new(unknown.Number, scores.Min() - UnknownPenalty, byteTokens, SinglePrecision: false));
    }

    static WordPieceModel WordPiece(JsonField json, TokenTable tokens) => WordPiece(
        tokens, Unknown(json, tokens), json.Find("continuing_subword_prefix")?.Text ?? "##", json.Find("max_input_chars_per_word")?.Number ?? 100);

    public static WordPieceModel WordPiece(TokenTable tokens, int unknown, string prefix, int mostCharacters)
    {
        var pieces = new PieceTrie();
        foreach (var (id, piece) in tokens.Texts)
            if (piece.Length > 0) pieces.Add(piece, id);
        return new(pieces, unknown, prefix, mostCharacters);
    }

    static int Unknown(JsonField json, TokenTable tokens)
    {
        var piece = json["unk_token"];
        return tokens.Find(piece.Text) ?? throw piece.Error($"'{piece.Text}' is not in the vocabulary");
    }

    static (JsonField Piece, JsonField Score) Pair(JsonField item) =>
        item.Items.ToArray() is [var piece, var score] ? (piece, score) : throw item.Error("not a pair of piece and score");
}
