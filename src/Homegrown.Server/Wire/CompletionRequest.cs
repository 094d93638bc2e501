using System.Text.Json;
using Homegrown.Engine;

namespace Homegrown.Server.Wire;

/// <summary>A prompt of a text completion: text, or token ids.</summary>
readonly record struct TextPrompt(string? Text, IReadOnlyList<int>? Ids);

/// <summary>A request to /v1/completions, read and checked.</summary>
sealed record CompletionRequest(IReadOnlyList<TextPrompt> Prompts, GenerationRequest Generation, int Choices, bool Echo, bool Stream, bool IncludeUsage)
{
    const int MostPrompts = 128;

    /// <summary>What the API documents for a request without max_tokens.</summary>
    const int DefaultTokens = 16;

    /// <param name="vocabulary">Number of the model's token ids.</param>
    public static CompletionRequest Read(JsonFields fields, int vocabulary)
    {
        if (fields.Text("suffix") is { Length: > 0 }) throw ApiException.Unsupported("suffix", "is not supported: this model only continues text.");
        var (choices, echo, stream) = (GenerationFields.Choices(fields), fields.Flag("echo"), fields.Flag("stream"));
        if (fields.Integer("best_of", 1) is { } best && best != choices) throw ApiException.Unsupported("best_of", "other than 'n' is not supported.");
        var logprobs = fields.Integer("logprobs", 0, 20);
        var generation = GenerationFields.Read(fields, vocabulary) with
        {
            MaxTokens = fields.Integer("max_tokens", 0) ?? DefaultTokens,
            TopLogprobs = logprobs,
            PromptLogprobs = echo && logprobs is not null,
        };
        return new CompletionRequest(Prompt(fields, vocabulary), generation, choices, echo, stream, GenerationFields.IncludeUsage(fields, stream));
    }

    static List<TextPrompt> Prompt(JsonFields fields, int vocabulary)
    {
        var prompt = fields.Require("prompt", "give a string, strings, token ids, or lists of token ids");
        if (prompt.ValueKind == JsonValueKind.String) return [new TextPrompt(prompt.GetString(), null)];
        if (prompt.ValueKind != JsonValueKind.Array) throw fields.Wrong("prompt", "a string, strings, token ids, or lists of token ids", prompt);
        var count = prompt.GetArrayLength();
        if (count == 0) throw ApiException.Invalid("prompt", "is empty.");
        if (prompt[0].ValueKind == JsonValueKind.Number) return [new TextPrompt(null, Ids(prompt, "prompt", vocabulary))];
        if (count > MostPrompts) throw ApiException.Invalid("prompt", $"has {count} prompts: at most {MostPrompts} are accepted.");
        return [.. prompt.EnumerateArray().Select((item, i) => item.ValueKind switch
        {
            JsonValueKind.String => new TextPrompt(item.GetString(), null),
            JsonValueKind.Array => new TextPrompt(null, Ids(item, $"prompt[{i}]", vocabulary)),
            _ => throw JsonFields.Wrong($"prompt[{i}]", "a string or a list of token ids", item.GetRawText()),
        })];
    }

    /// <summary>A list of token ids.</summary>
    public static List<int> Ids(JsonElement list, string path, int vocabulary)
    {
        var ids = new List<int>(list.GetArrayLength());
        foreach (var item in list.EnumerateArray())
            ids.Add(JsonFields.AsInteger(item) is { } id && id >= 0 && id < vocabulary ? id
                : throw JsonFields.Wrong($"{path}[{ids.Count}]", $"a token id from 0 to {vocabulary - 1}", item.GetRawText()));
        return ids;
    }
}
