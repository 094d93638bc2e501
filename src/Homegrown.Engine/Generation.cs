using Homegrown.Engine.Sampling;

namespace Homegrown.Engine;

/// <summary>A request to continue a prompt: what HTTP, the command line and the library all become.</summary>
public sealed record GenerationRequest
{
    /// <summary>Token ids, at least one.</summary>
    public required IReadOnlyList<int> Prompt { get; init; }

    public SamplingOptions Sampling { get; init; } = new();

    /// <summary>Most tokens to generate; null goes on to the end of the context.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Texts that end the generation; they may span tokens and are not part of the output.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>Reports each token's log probability, and those of this many best tokens; null reports none.</summary>
    public int? TopLogprobs { get; init; }

    /// <summary>
    /// Reports the log probabilities of the prompt's tokens too, in a piece of their own that comes first; needs <see cref="TopLogprobs"/>.
    /// <see cref="MaxTokens"/> may then be 0.
    /// </summary>
    public bool PromptLogprobs { get; init; }

    /// <summary>Goes on past end-of-generation tokens: for measuring.</summary>
    public bool IgnoreEnd { get; init; }

    /// <summary>Begins with what the cache has of the prompt, and leaves what it reads there for others.</summary>
    public bool CachePrompt { get; init; } = true;

    /// <summary>
    /// Told how many tokens of the prompt have been read, after each step that read some and at last all of them. Called by the engine's
    /// thread, which waits for it.
    /// </summary>
    public Action<int>? PromptRead { get; init; }
}

/// <summary>Why a generation ended.</summary>
public enum FinishReason
{
    /// <summary>An end-of-generation token or a stop text.</summary>
    Stop,

    /// <summary>MaxTokens, or the end of the context.</summary>
    Length,
}

/// <summary>A token's log probability (natural), before any sampling step.</summary>
public readonly record struct TokenLogprob(int Id, float Logprob);

/// <summary>A token of a prompt as the model saw it coming.</summary>
/// <param name="Logprob">Given the tokens before it; null for the first, which has none.</param>
/// <param name="Top">The best tokens at its place.</param>
public readonly record struct PromptToken(int Id, float? Logprob, IReadOnlyList<TokenLogprob> Top);

/// <summary>
/// One step of a stream. Text may be empty (half a character, or held back because a stop text may have begun) and then comes
/// with a later piece; the last piece has <see cref="Finish"/> set.
/// </summary>
public sealed record GenerationPiece
{
    /// <summary>Text that is now certain: always whole characters.</summary>
    public required string Text { get; init; }

    /// <summary>The token, or null in a last piece that only ends the stream.</summary>
    public int? Token { get; init; }

    /// <summary>Log probability of the token, when asked for.</summary>
    public float? Logprob { get; init; }

    /// <summary>The best tokens at this step, when asked for.</summary>
    public IReadOnlyList<TokenLogprob> TopLogprobs { get; init; } = [];

    /// <summary>In the first piece, when asked for: the tokens of the prompt.</summary>
    public IReadOnlyList<PromptToken>? Prompt { get; init; }

    /// <summary>Tokens of the prompt that were in the cache already.</summary>
    public int CachedTokens { get; init; }

    public FinishReason? Finish { get; init; }

    /// <summary>It ended because the context is full, before <see cref="GenerationRequest.MaxTokens"/>.</summary>
    public bool ContextFull { get; init; }

    /// <summary>The end-of-generation token or stop text that ended it, if one did.</summary>
    public string? StoppedBy { get; init; }
}

/// <summary>A prompt that does not fit: reported with the counts, never cut.</summary>
public sealed class ContextLengthException(int promptTokens, int contextLength)
    : Exception($"The prompt has {promptTokens} tokens; the context holds {contextLength}. Shorten the prompt or raise the context length.")
{
    public int PromptTokens { get; } = promptTokens;

    public int ContextLength { get; } = contextLength;
}
