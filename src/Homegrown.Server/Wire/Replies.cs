namespace Homegrown.Server.Wire;

/// <summary>The one shape of every error.</summary>
sealed record ErrorReply(ErrorBody Error);

sealed record ErrorBody(string Message, string Type, string? Param, string? Code);

sealed record HealthReply(string Status);

sealed record ModelList(IReadOnlyList<ModelReply> Data, string Object = "list");

/// <param name="ContextLength">Not OpenAI's, as other servers tell it: positions for a prompt and its answer together.</param>
sealed record ModelReply(string Id, long Created, int ContextLength, string Object = "model", string OwnedBy = "homegrown");

/// <param name="TokenStrs">The tokens' texts, where the request asks for them.</param>
sealed record TokenList(IReadOnlyList<int> Tokens, int Count, int MaxModelLen, IReadOnlyList<string>? TokenStrs);

/// <summary>A text under the names of llama.cpp and of vLLM.</summary>
sealed record TokenText(string Content, string Prompt);

/// <param name="PromptTokensDetails">Of the prompt's tokens those that were in the cache.</param>
sealed record Usage(int PromptTokens, int CompletionTokens, int TotalTokens, PromptTokensDetails PromptTokensDetails);

sealed record PromptTokensDetails(int CachedTokens);
