using System.Text.Json;
using Homegrown.Engine.Formats;
using Homegrown.Engine.Tokenizers.Folders;

namespace Homegrown.Engine.Embeddings;

/// <summary>
/// What a folder of sentence-transformers says of how a text becomes a vector: modules.json and the configs of its modules, prompts, the
/// longest text. A folder without them leaves it to what the model is.
/// </summary>
sealed record SentenceFolder
{
    /// <summary>Null where the folder has no modules.json.</summary>
    public Pooling? Pooling { get; init; }

    /// <summary>What follows the pooling, in order: folders of dense layers, null for a normalisation.</summary>
    public IReadOnlyList<string?> Steps { get; init; } = [null];

    /// <summary>Texts to put before a text, by name.</summary>
    public IReadOnlyDictionary<string, string> Prompts { get; init; } = new Dictionary<string, string>();

    /// <summary>The one that is taken where none is asked for.</summary>
    public string? DefaultPrompt { get; init; }

    /// <summary>Tokens of the longest text, special ones included; null where the folder does not say.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Texts are made lower case before they are tokens.</summary>
    public bool LowerCase { get; init; }

    /// <exception cref="ModelFileException">A file is not what it says, or has a module that this build does not know.</exception>
    public static SentenceFolder Read(string folder)
    {
        var transformer = Directory.GetFiles(folder, "sentence_*_config.json").Order(StringComparer.Ordinal).Select(path => (JsonField?)JsonSource.Open(path)).FirstOrDefault();
        var settings = Open(folder, "config_sentence_transformers.json");
        var read = new SentenceFolder
        {
            Prompts = settings?.Find("prompts")?.Members.ToDictionary(prompt => prompt.Name, prompt => prompt.Field.Text, StringComparer.Ordinal) ?? [],
            DefaultPrompt = settings?.Find("default_prompt_name")?.Text,
            MaxTokens = transformer?.Find("max_seq_length")?.Number,
            LowerCase = transformer?.Find("do_lower_case")?.Flag ?? false,
        };
        return File.Exists(Path.Combine(folder, "modules.json")) ? read.WithModules(folder) : read;
    }

    SentenceFolder WithModules(string folder)
    {
        var modules = Path.Combine(folder, "modules.json");
        var (pooling, steps) = (default(Pooling), new List<string?>());
        foreach (var module in JsonSource.Open(modules).Items)
        {
            var type = module["type"].Text.Split('.')[^1];
            var path = Path.GetFullPath(Path.Combine(folder, module["path"].Text));
            if (!$"{path}{Path.DirectorySeparatorChar}".StartsWith(Path.GetFullPath(folder), StringComparison.Ordinal))
                throw module["path"].Error("leads out of the folder");
            switch (type)
            {
                case "Transformer": break;
                case "Pooling": pooling = ReadPooling(JsonSource.Open(Path.Combine(path, "config.json"))); break;
                case "Dense": steps.Add(path); break;
                case "Normalize": steps.Add(null); break;
                default: throw module["type"].Error($"'{type}' is not supported (Transformer, Pooling, Dense, Normalize are)");
            }
        }

        return this with { Pooling = pooling ?? throw new ModelFileException(modules, "type", null, "no module is a Pooling: this folder makes no vectors"), Steps = steps };
    }

    static Pooling ReadPooling(JsonField config)
    {
        var modes = PoolingModes.None;
        foreach (var (name, mode) in ((string, PoolingModes)[])
        [
            ("pooling_mode_cls_token", PoolingModes.Cls), ("pooling_mode_max_tokens", PoolingModes.Max), ("pooling_mode_mean_tokens", PoolingModes.Mean),
            ("pooling_mode_mean_sqrt_len_tokens", PoolingModes.MeanSqrtLength), ("pooling_mode_weightedmean_tokens", PoolingModes.WeightedMean),
            ("pooling_mode_lasttoken", PoolingModes.Last),
        ])
            if (config.Find(name)?.Flag == true) modes |= mode;
        if (config.Find("pooling_mode") is { } named)                        // as newer versions write it: a name, or several
            foreach (var name in named.Value.ValueKind == JsonValueKind.Array ? named.Items : [named])
                modes |= name.Text switch
                {
                    "cls" => PoolingModes.Cls,
                    "max" => PoolingModes.Max,
                    "mean" => PoolingModes.Mean,
                    "mean_sqrt_len_tokens" => PoolingModes.MeanSqrtLength,
                    "weightedmean" => PoolingModes.WeightedMean,
                    "lasttoken" => PoolingModes.Last,
                    var other => throw name.Error($"'{other}' is no pooling (cls, max, mean, mean_sqrt_len_tokens, weightedmean, lasttoken are)"),
                };
        if (modes == PoolingModes.None) throw config.Error("no pooling_mode is true");
        return new(modes, config.Find("include_prompt")?.Flag ?? true);
    }

    static JsonField? Open(string folder, string name) => Path.Combine(folder, name) is var path && File.Exists(path) ? JsonSource.Open(path) : null;
}
