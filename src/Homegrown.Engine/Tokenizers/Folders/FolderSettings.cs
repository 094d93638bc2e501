using System.Globalization;
using System.Text.Json;
using Homegrown.Engine.Formats;

namespace Homegrown.Engine.Tokenizers.Folders;

/// <summary>What the small files beside a tokenizer say: which tokens begin, end and fill, and which were added.</summary>
sealed class FolderSettings
{
    readonly JsonField? config, map, generation, added;

    FolderSettings(string directory)
    {
        config = Open("tokenizer_config.json");
        map = Open("special_tokens_map.json");
        generation = Open("generation_config.json");
        added = Open("added_tokens.json");

        JsonField? Open(string name) => Path.Combine(directory, name) is var path && File.Exists(path) ? JsonSource.Open(path) : null;
    }

    /// <summary>The class of the transformers library that the folder was made for, or null.</summary>
    public string? TokenizerClass => config?.Find("tokenizer_class")?.Text;

    public static FolderSettings Read(string directory) => new(directory);

    /// <summary>A flag of tokenizer_config.json, or null.</summary>
    public bool? Flag(string name) =>
        config?.Find(name) is { Value.ValueKind: JsonValueKind.True or JsonValueKind.False } flag ? flag.Flag : null;

    /// <summary>The spelling of "bos_token" and its like, a text or a token with flags; null where no file names it.</summary>
    public string? Spelling(string name)
    {
        if ((config?.Find(name) ?? map?.Find(name)) is not { } field) return null;
        return field.Value.ValueKind == JsonValueKind.Object ? field["content"].Text : field.Text;
    }

    /// <summary>Tokens added to a vocabulary that does not list them itself: added_tokens_decoder, added_tokens.json.</summary>
    public List<AddedToken> Added()
    {
        var tokens = new List<AddedToken>();
        foreach (var (key, token) in config?.Find("added_tokens_decoder")?.Members ?? [])
        {
            if (!int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var id) || id >= 1 << 23) throw token.Error($"'{key}' is no id");
            tokens.Add(TokenizerJson.Added(token, id));
        }
        foreach (var (content, id) in added?.Members ?? [])
            if (!tokens.Exists(token => token.Content == content))
                tokens.Add(new(ModelReader.CheckId(id), content, false, false, false, Normalized: false, Special: ControlSpellings.LooksLikeControl(content)));
        return tokens;
    }

    /// <summary>A pipeline with what these files say of it.</summary>
    public Tokenizer Tokenizer(Pipeline pipeline)
    {
        var (bos, eos, unknown, padding) = (Id("bos_token"), Id("eos_token"), Id("unk_token"), Id("pad_token"));
        return new PipelineTokenizer(pipeline)
        {
            Bos = bos,
            Eos = eos,
            Unknown = unknown,
            Padding = padding,
            AddBos = bos is not null && pipeline.Template.Single is [{ Tokens: [var first, ..] }, ..] && first == bos,
            AddEos = eos is not null && pipeline.Template.Single is [.., { Tokens: [.., var last] }] && last == eos,
            EndOfGeneration = ControlSpellings.EndOfGeneration(
                pipeline.Tokens.Find, id => pipeline.Tokens.Kind(id) == TokenKind.Control, [eos, .. GenerationEnds(pipeline.Tokens.Count)]),
        };

        int? Id(string name) => Spelling(name) is { } spelling ? pipeline.Tokens.Find(spelling) : null;
    }

    /// <summary>eos_token_id of generation_config.json: a number or a list; ids that the vocabulary lacks never come.</summary>
    int?[] GenerationEnds(int count)
    {
        if (generation?.Find("eos_token_id") is not { } ends) return [];
        IEnumerable<JsonField> fields = ends.Value.ValueKind == JsonValueKind.Array ? ends.Items : [ends];
        return [.. fields.Select(field => field.Number).Where(id => id < count).Select(id => (int?)id)];
    }
}
