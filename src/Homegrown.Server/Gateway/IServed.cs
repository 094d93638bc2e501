using Homegrown.Engine;

namespace Homegrown.Server.Gateway;

/// <summary>A model that a server offers, whatever it does. Safe for many callers at once.</summary>
public interface IServed
{
    /// <summary>The name that requests ask for; it may contain slashes.</summary>
    string Id { get; }

    /// <summary>When the model was made or installed.</summary>
    DateTimeOffset Created { get; }

    /// <summary>Tokens of the longest text that it reads, an answer included.</summary>
    int ContextLength { get; }
}

/// <summary>A model that makes vectors of texts.</summary>
public interface IServedEmbedder : IServed
{
    /// <summary>Numbers of a vector.</summary>
    int Dimensions { get; }

    /// <summary>A vector for each text, in their order.</summary>
    /// <exception cref="ArgumentException">A text is too long, or the model has no such prompt.</exception>
    IReadOnlyList<TextEmbedding> Embed(IReadOnlyList<string> texts, EmbeddingOptions options, CancellationToken cancellation);
}

/// <summary>A model that scores documents by a query.</summary>
public interface IServedReranker : IServed
{
    /// <summary>A score for each document, in their order.</summary>
    /// <exception cref="ArgumentException">A document is too long with the query, or the model takes no instruction.</exception>
    IReadOnlyList<RerankScore> Score(string query, IReadOnlyList<string> documents, RerankOptions options, CancellationToken cancellation);
}
