using Homegrown.Engine;

namespace Homegrown.Server.Gateway.Providers;

/// <summary>An embedding model that runs in this process.</summary>
sealed class LocalEmbedder(EmbeddingModel model) : IServedEmbedder
{
    public string Id => model.Id;

    public DateTimeOffset Created { get; } = File.GetLastWriteTimeUtc(model.Path);

    public int ContextLength => model.MaxTokens;

    public int Dimensions => model.Dimensions;

    public IReadOnlyList<TextEmbedding> Embed(IReadOnlyList<string> texts, EmbeddingOptions options, CancellationToken cancellation) =>
        model.Embed(texts, options, cancellation: cancellation);
}

/// <summary>A reranker that runs in this process.</summary>
sealed class LocalReranker(RerankModel model) : IServedReranker
{
    public string Id => model.Id;

    public DateTimeOffset Created { get; } = File.GetLastWriteTimeUtc(model.Path);

    public int ContextLength => model.MaxTokens;

    public IReadOnlyList<RerankScore> Score(string query, IReadOnlyList<string> documents, RerankOptions options, CancellationToken cancellation) =>
        model.Score(query, documents, options, cancellation: cancellation);
}
