using Homegrown.Engine;
using Homegrown.Engine.Chat;
using Homegrown.Engine.Tokenizers;

namespace Homegrown.Server.Gateway.Providers;

/// <summary>A model that runs in this process.</summary>
sealed class LocalServedModel(LocalModel model) : IServedModel
{
    public string Id => model.Id;

    public DateTimeOffset Created { get; } = File.GetLastWriteTimeUtc(model.Path);

    public int ContextLength => model.ContextLength;

    public Tokenizer Tokenizer => model.Tokenizer;

    public IReadOnlyList<int> Encode(ChatPrompt prompt)
    {
        if (model.Template is null) throw new ChatPromptException($"The model '{model.Id}' has no chat template: use /v1/completions.");
        try
        {
            return model.Encode(prompt);
        }
        catch (TemplateException e)
        {
            throw new ChatPromptException($"The model's template cannot render this conversation: {e.Problem}", e);
        }
    }

    public IAsyncEnumerable<GenerationPiece> GenerateAsync(GenerationRequest request, CancellationToken cancellation) =>
        model.GenerateAsync(request, cancellation);
}
