using System.Buffers.Text;
using System.Globalization;
using Homegrown.Engine.Formats;
using Homegrown.Engine.Tokenizers.Decoders;
using Homegrown.Engine.Tokenizers.Models;
using Homegrown.Engine.Tokenizers.PreTokenizers;
using Homegrown.Engine.Tokenizers.Regexes;

namespace Homegrown.Engine.Tokenizers.Folders;

/// <summary>
/// A rank file (tiktoken): one token a line, its bytes in base64 and its rank, which is its id. Any two neighbours that make a token may
/// join, the lowest rank first, and a word that is a token is that token. The regex and the special tokens are not in the file.
/// </summary>
static class RankFile
{
    /// <summary>Cutting a token everywhere costs the square of its length.</summary>
    const int LongestToken = 1024;

    /// <summary>Whether a file, whatever its name, begins as a rank file does: GLM-4 and Llama 3 call theirs tokenizer.model.</summary>
    public static bool IsOne(string path)
    {
        using var stream = File.OpenRead(path);
        var head = new byte[64];
        var line = head.AsSpan(0, stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false));
        var space = line.IndexOf((byte)' ');
        return space > 0 && Base64.IsValid(line[..space]);
    }

    /// <exception cref="ModelFileException">A line is no token and rank, or a rank is there twice.</exception>
    public static Pipeline Read(string path, FolderSettings settings)
    {
        var list = ReadTokens(path);
        var count = list.Max(token => token.Id) + 1;
        var family = RankFamily.Find(path, settings);
        var added = settings.Added();
        foreach (var (i, content) in family.SpecialTokens.Index())
            if (!added.Exists(token => token.Content == content || token.Id == count + i))
                added.Add(new(count + i, content, false, false, false, Normalized: false, Special: true));
        var kinds = TokenizerJson.Kinds(added);
        var ordinary = list.ToDictionary(token => token.Piece, token => token.Id, StringComparer.Ordinal);
        var tokens = new TokenTable(
            [.. list, .. added.Where(token => !ordinary.ContainsKey(token.Content)).Select(token => (token.Content, token.Id))],
            (id, _) => kinds.GetValueOrDefault(id, TokenKind.Normal));
        return new Pipeline
        {
            Tokens = tokens,
            Added = added,
            PreTokenizer = [new CutStep(new RegexFinder(new LinearRegex(family.Pattern)), CutBehavior.Removed, inverted: true)],
            Model = new BytePairModel(tokens, Merges(list, tokens), new() { Bytes = true, IgnoreMerges = true }),
            Template = SequenceTemplate.Around(settings.Flag("add_bos_token") is true ? settings.Spelling("bos_token") is { } bos ? tokens.Find(bos) : null : null, null),
            Decoder = new ByteLevel(),
        };
    }

    /// <summary>Tokens spelled in <see cref="ByteAlphabet"/>.</summary>
    static List<(string Piece, int Id)> ReadTokens(string path)
    {
        var tokens = new List<(string, int)>();
        var (ids, pieces) = (new HashSet<int>(), new HashSet<string>(StringComparer.Ordinal));
        var offset = 0L;
        foreach (var line in File.ReadLines(path))
        {
            if (line.Length > 0)
            {
                var (piece, id) = ReadLine(line) ?? throw Error($"'{(line.Length > 40 ? line[..40] : line)}' is not base64, a space and a rank");
                if (piece.Length > LongestToken) throw Error($"{piece.Length} bytes; {LongestToken} is the most");
                if (!ids.Add(id)) throw Error($"rank {id} is there twice");
                if (!pieces.Add(piece)) throw Error("the same bytes have two ranks");
                tokens.Add((piece, id));
            }
            offset += line.Length + 1;
        }
        return tokens.Count > 0 ? tokens : throw Error("no tokens");

        ModelFileException Error(string problem) => new(path, $"line {tokens.Count + 1}", offset, problem);
    }

    static (string, int)? ReadLine(string line)
    {
        var space = line.IndexOf(' ');
        var bytes = new byte[line.Length];
        if (space <= 0 || !Convert.TryFromBase64Chars(line.AsSpan(0, space), bytes, out var length) || length == 0
            || !int.TryParse(line.AsSpan(space + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var rank) || rank >= 1 << 23)
            return null;
        return (string.Create(length, bytes, static (letters, bytes) =>
        {
            for (var i = 0; i < letters.Length; i++) letters[i] = ByteAlphabet.Letter(bytes[i]);
        }), rank);
    }

    static MergeTable Merges(List<(string Piece, int Id)> list, TokenTable tokens)
    {
        var merges = new MergeTable();
        foreach (var (piece, id) in list)
            for (var cut = 1; cut < piece.Length; cut++)
                if (tokens.FindText(piece.AsSpan(0, cut)) is >= 0 and var left && tokens.FindText(piece.AsSpan(cut)) is >= 0 and var right)
                    merges.Add(left, right, id, id);
        return merges;
    }
}
