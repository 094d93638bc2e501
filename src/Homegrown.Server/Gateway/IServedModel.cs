using Homegrown.Engine;
using Homegrown.Engine.Chat;
using Homegrown.Engine.Tokenizers;

namespace Homegrown.Server.Gateway;

/// <summary>A model that generates text, wherever it runs.</summary>
public interface IServedModel : IServed
{
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
