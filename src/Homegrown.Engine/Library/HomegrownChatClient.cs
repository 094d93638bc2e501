using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace Homegrown.Engine.Library;

/// <summary>
/// A model in this process as the <see cref="IChatClient"/> of Microsoft.Extensions.AI. Safe for many callers. The model stays
/// its owner's: disposing the client leaves it open, so that several clients may share it.
/// </summary>
/// <remarks>
/// Of <see cref="ChatOptions"/> it reads Instructions, Temperature, TopP, TopK, FrequencyPenalty, PresencePenalty, Seed,
/// MaxOutputTokens, StopSequences, ModelId, and of AdditionalProperties, with llama.cpp's names, min_p, typical_p, top_n_sigma,
/// repeat_penalty, repeat_last_n, xtc_*, mirostat* and dry_* (without its breakers). What it cannot do (tools, a JSON format, contents that are no text, a conversation kept elsewhere) it refuses.
/// </remarks>
public sealed class HomegrownChatClient(LocalModel model) : IChatClient
{
    readonly ChatClientMetadata metadata = new("homegrown", providerUri: null, model.Id);

    /// <summary>The whole answer: the stream, collected.</summary>
    /// <inheritdoc cref="GetStreamingResponseAsync"/>
    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    /// <summary>The answer as it comes. The last update has the finish reason and the usage.</summary>
    /// <exception cref="NotSupportedException">The messages or options ask for what this client cannot do.</exception>
    /// <exception cref="Sampling.SamplingOptionException">A parameter is outside its range.</exception>
    /// <exception cref="ContextLengthException">The conversation does not fit.</exception>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (options?.ModelId is { } id && id != model.Id) throw new NotSupportedException($"ModelId is {id}; this client serves {model.Id}.");
        var prompt = model.Encode(ChatMapping.Prompt(messages, options));
        var request = ChatMapping.Request(prompt, options);
        var responseId = Guid.NewGuid().ToString("N");
        var outputTokens = 0;
        await foreach (var piece in model.GenerateAsync(request, cancellationToken))
        {
            if (piece.Token is not null) outputTokens++;
            if (piece.Text.Length == 0 && piece.Finish is null) continue;
            var update = new ChatResponseUpdate(ChatRole.Assistant, piece.Text)
            {
                ResponseId = responseId,
                MessageId = responseId,
                ModelId = model.Id,
                FinishReason = ChatMapping.Finish(piece.Finish),
                RawRepresentation = piece,
            };
            if (piece.Finish is not null) update.Contents.Add(new UsageContent(ChatMapping.Usage(prompt.Count, outputTokens)));
            yield return update;
        }
    }

    /// <summary>This client, its <see cref="ChatClientMetadata"/> or its <see cref="LocalModel"/>; null for others and for keyed services.</summary>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        if (serviceKey is not null) return null;
        return serviceType.IsInstanceOfType(this) ? this
            : serviceType == typeof(ChatClientMetadata) ? metadata
            : serviceType == typeof(LocalModel) ? model
            : null;
    }

    /// <summary>Does nothing: the model is its owner's.</summary>
    public void Dispose()
    {
    }
}
