namespace Homegrown.Server.Wire;

/// <summary>An answer of /v1/completions; the pieces of a stream have the same shape, with usage in the last one alone.</summary>
sealed record CompletionReply(string Id, long Created, string Model, string SystemFingerprint, IReadOnlyList<CompletionChoice> Choices, Usage? Usage)
{
    public string Object { get; } = "text_completion";
}

sealed record CompletionChoice(int Index, string Text, CompletionLogprobs? Logprobs, string? FinishReason);

/// <summary>Parallel lists, one entry for each token; of an echoed prompt the first token has no log probabilities.</summary>
/// <param name="TextOffset">Where the token begins in the text, in characters (code points).</param>
sealed record CompletionLogprobs(
    IReadOnlyList<string> Tokens,
    IReadOnlyList<float?> TokenLogprobs,
    IReadOnlyList<IReadOnlyDictionary<string, float>?> TopLogprobs,
    IReadOnlyList<int> TextOffset);
