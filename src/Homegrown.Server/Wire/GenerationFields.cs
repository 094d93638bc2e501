using System.Text.Json;
using Homegrown.Engine;
using Homegrown.Engine.Sampling;

namespace Homegrown.Server.Wire;

/// <summary>
/// The fields that chat and text completions share. Beside OpenAI's, with llama.cpp's names: top_k, min_p, typical_p, top_n_sigma,
/// repeat_penalty, repeat_last_n, dry_*, xtc_*, dynatemp_*, mirostat*, adaptive_*, ignore_eos; and repetition_penalty (vLLM).
/// </summary>
static class GenerationFields
{
    const int MostChoices = 8, MostStops = 16, MostBreakers = 16;

    public static int Choices(JsonFields fields) => fields.Integer("n", 1, MostChoices) ?? 1;

    /// <summary>stream_options.include_usage; the field makes sense only in a stream.</summary>
    public static bool IncludeUsage(JsonFields fields, bool stream)
    {
        if (fields.Fields("stream_options") is not { } options) return false;
        if (!stream) throw ApiException.Invalid("stream_options", "is only for streams: set 'stream' to true.");
        return options.Flag("include_usage");
    }

    /// <summary>The request that all choices share; prompt and token limit are the endpoint's.</summary>
    public static GenerationRequest Read(JsonFields fields, int vocabulary)
    {
        var stop = fields.Texts("stop", MostStops);
        if (stop.Contains("")) throw ApiException.Invalid("stop", "has an empty text, which would end every answer before it begins.");
        return new GenerationRequest
        {
            Prompt = [],
            Sampling = Sampling(fields, vocabulary),
            Stop = stop,
            IgnoreEnd = fields.Flag("ignore_eos"),
        };
    }

    static SamplingOptions Sampling(JsonFields fields, int vocabulary)
    {
        var neutral = new SamplingOptions();
        return new SamplingOptions
        {
            // OpenAI ends at 2; with min_p, which comes before it in the chain, higher temperatures are in use.
            Temperature = fields.Number("temperature", 0, 100) ?? neutral.Temperature,
            TopK = Math.Max(0, fields.Integer("top_k", -1) ?? neutral.TopK),          // vLLM's -1 keeps all, as 0 does
            TopP = fields.Number("top_p", 0, 1) ?? neutral.TopP,
            MinP = fields.Number("min_p", 0, 1) ?? neutral.MinP,
            TypicalP = fields.Number("typical_p", 0, 1) ?? neutral.TypicalP,
            RepeatPenalty = fields.Number("repeat_penalty", 0.01f, 100) ?? fields.Number("repetition_penalty", 0.01f, 100) ?? neutral.RepeatPenalty,
            PenaltyLastN = fields.Integer("repeat_last_n", -1) ?? neutral.PenaltyLastN,
            FrequencyPenalty = fields.Number("frequency_penalty", -2, 2) ?? neutral.FrequencyPenalty,
            PresencePenalty = fields.Number("presence_penalty", -2, 2) ?? neutral.PresencePenalty,
            TopNSigma = fields.Number("top_n_sigma", -1, 100) ?? neutral.TopNSigma,
            XtcProbability = fields.Number("xtc_probability", 0, 1) ?? neutral.XtcProbability,
            XtcThreshold = fields.Number("xtc_threshold", 0, 1) ?? neutral.XtcThreshold,
            DynamicTemperatureRange = fields.Number("dynatemp_range", 0, 100) ?? neutral.DynamicTemperatureRange,
            DynamicTemperatureExponent = fields.Number("dynatemp_exponent", 0.01f, 100) ?? neutral.DynamicTemperatureExponent,
            Mirostat = fields.Integer("mirostat", 0, 2) ?? neutral.Mirostat,
            MirostatTau = fields.Number("mirostat_tau", 0, 100) ?? neutral.MirostatTau,
            MirostatEta = fields.Number("mirostat_eta", 0, 1) ?? neutral.MirostatEta,
            AdaptiveTarget = fields.Number("adaptive_target", -1, 1) ?? neutral.AdaptiveTarget,
            AdaptiveDecay = fields.Number("adaptive_decay", 0, 0.99f) ?? neutral.AdaptiveDecay,
            Dry = Dry(fields),
            LogitBias = LogitBias(fields, vocabulary),
            Seed = Seed(fields),
        };
    }

    static DryOptions Dry(JsonFields fields)
    {
        const string breakers = "dry_sequence_breakers";
        var neutral = new DryOptions();
        var given = fields.Find(breakers) is null ? neutral.Breakers : fields.Texts(breakers, MostBreakers);
        if (given.FirstOrDefault(text => text.Length is 0 or > SequenceBreakers.LongestText) is { } wrong)
            throw ApiException.Invalid(breakers, $"has a text of {wrong.Length} characters: 1 to {SequenceBreakers.LongestText} are accepted.");
        return new DryOptions
        {
            Multiplier = fields.Number("dry_multiplier", 0, 100) ?? neutral.Multiplier,
            Base = fields.Number("dry_base", 1, 100) ?? neutral.Base,
            AllowedLength = fields.Integer("dry_allowed_length", 0) ?? neutral.AllowedLength,
            LastN = fields.Integer("dry_penalty_last_n", -1) ?? neutral.LastN,
            Breakers = given,
        };
    }

    static ulong? Seed(JsonFields fields) => fields.Find("seed") switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } value when value.TryGetInt64(out var seed) => unchecked((ulong)seed),
        { ValueKind: JsonValueKind.Number } value when value.TryGetUInt64(out var seed) => seed,
        { } value => throw fields.Wrong("seed", "a 64-bit integer", value),
    };

    /// <summary>{"token id": -100 to 100}, or llama.cpp's false for a ban.</summary>
    static Dictionary<int, float>? LogitBias(JsonFields fields, int vocabulary)
    {
        const string name = "logit_bias";
        if (fields.Find(name) is not { } map) return null;
        if (map.ValueKind != JsonValueKind.Object) throw fields.Wrong(name, "an object of token ids and biases", map);
        var biases = new Dictionary<int, float>();
        foreach (var entry in map.EnumerateObject())
        {
            if (!int.TryParse(entry.Name, out var id) || id < 0 || id >= vocabulary)
                throw ApiException.Invalid(name, $"has the key '{entry.Name}': keys are token ids from 0 to {vocabulary - 1}.");
            biases[id] = entry.Value.ValueKind == JsonValueKind.False ? float.NegativeInfinity
                : new JsonFields(map, name).Number(entry.Name, -100, 100) ?? 0;
        }
        return biases.Count > 0 ? biases : null;
    }
}
