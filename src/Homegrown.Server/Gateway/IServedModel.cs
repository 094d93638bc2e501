using Homegrown.Engine;
using Homegrown.Engine.Chat;
using Homegrown.Engine.Tokenizers;

namespace Homegrown.Server.Gateway;

/// <summary>What the endpoints need of a model, wherever it runs. Safe for many callers at once.</summary>
public interface IServedModel
{
    /// <summary>The name that requests ask for; it may contain slashes.</summary>
    string Id { get; }

    /// <summary>When the model was made or installed.</summary>
    DateTimeOffset Created { get; }

    /// <summary>Positions that a prompt and its continuation may take together.</summary>
    int ContextLength { get; }

    /// <summary>Turns prompts into ids, and ids back into the bytes that log probabilities report.</summary>
    Tokenizer Tokenizer { get; }

    /// <summary>A conversation as token ids.</summary>
    /// <exception cref="ChatPromptException">The model has no template, or its template refuses the conversation.</exception>
    IReadOnlyList<int> Encode(ChatPrompt prompt);

    /// <summary>Waits its turn, then yields pieces as they come, the last with its reason; cancelling stops the work.</summary>
    /// <exception cref="ContextLengthException">The prompt does not fit.</exception>
    IAsyncEnumerable<GenerationPiece> GenerateAsync(GenerationRequest request, CancellationToken cancellation);
}

/// <summary>A conversation that the model cannot be given: the caller's to mend.</summary>
public sealed class ChatPromptException(string message, Exception? inner = null) : Exception(message, inner);
