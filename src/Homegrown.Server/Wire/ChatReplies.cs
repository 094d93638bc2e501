using System.Text.Json.Serialization;

namespace Homegrown.Server.Wire;

/// <summary>A whole answer of /v1/chat/completions.</summary>
sealed record ChatReply(string Id, long Created, string Model, string SystemFingerprint, IReadOnlyList<ChatChoice> Choices, Usage Usage)
{
    public string Object { get; } = "chat.completion";
}

sealed record ChatChoice(int Index, ChatAnswer Message, ChatLogprobs? Logprobs, string FinishReason);

sealed record ChatAnswer(string Role, string Content, string? Refusal);

/// <summary>A piece of a streamed answer; usage is null but in the last one, which has no choices.</summary>
sealed record ChatChunk(string Id, long Created, string Model, string SystemFingerprint, IReadOnlyList<ChatChunkChoice> Choices, Usage? Usage)
{
    public string Object { get; } = "chat.completion.chunk";
}

sealed record ChatChunkChoice(int Index, ChatDelta Delta, ChatLogprobs? Logprobs, string? FinishReason);

/// <summary>What a piece adds; a field that adds nothing is left out, so the last one is {}.</summary>
sealed record ChatDelta
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Role { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Content { get; init; }
}

sealed record ChatLogprobs(IReadOnlyList<ChatTokenLogprob> Content, string? Refusal = null);

/// <param name="Bytes">The token's UTF-8: several tokens may share one character.</param>
record TopLogprob(string Token, float Logprob, IReadOnlyList<int> Bytes);

sealed record ChatTokenLogprob(string Token, float Logprob, IReadOnlyList<int> Bytes, IReadOnlyList<TopLogprob> TopLogprobs)
    : TopLogprob(Token, Logprob, Bytes);
