using Homegrown.Engine.Embeddings;
using Homegrown.Engine.Formats;
using Homegrown.Engine.Tokenizers;
using Homegrown.Kernels;

namespace Homegrown.Engine;

/// <summary>How documents are scored.</summary>
public sealed record RerankOptions
{
    /// <summary>What counts as relevant, for models that are told (Qwen3-Reranker); null takes the model's own.</summary>
    public string? Instruction { get; init; }

    /// <summary>A document that is too long is cut; otherwise it is an error.</summary>
    public bool Truncate { get; init; }
}

/// <summary>A document's score.</summary>
/// <param name="Index">The document's place among those that were given, from 0.</param>
/// <param name="Score">How relevant it is, from 0 to 1.</param>
/// <param name="Tokens">Tokens that were read, the query's included.</param>
public readonly record struct RerankScore(int Index, float Score, int Tokens);

/// <summary>
/// A model on this machine that scores documents by a query: a cross-encoder (BERT, XLM-RoBERTa, ModernBERT, GTE with one head) or a
/// Qwen3-Reranker, as a folder or a GGUF file. Safe for many callers.
/// </summary>
public sealed class RerankModel : IDisposable
{
    readonly TextEncoder encoder;
    readonly Relevance relevance;

    RerankModel(TextEncoder encoder)
    {
        this.encoder = encoder;
        encoder.Weights.Has("pooler");                                       // RoBERTa's, which its classifier goes past
        relevance = Relevance.Of(encoder);
        MaxTokens = encoder.Config.ContextLength;
        Warnings = encoder.Warnings;
    }

    /// <summary>Opens a model.</summary>
    /// <exception cref="ModelFileException">A file is not what it says, or the model scores no pairs.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static RerankModel Load(string path, EngineOptions? options = null)
    {
        var encoder = TextEncoder.Load(path, options);
        try
        {
            return new(encoder);
        }
        catch
        {
            encoder.Dispose();
            throw;
        }
    }

    /// <summary>Tokens of the longest query and document together, special ones included.</summary>
    public int MaxTokens { get; }

    /// <summary>Absolute path of the file or folder.</summary>
    public string Path => encoder.Source.Path;

    /// <summary>The name under which the API lists it.</summary>
    public string Id => LocalModel.NameOf(encoder.Source);

    public Tokenizer Tokenizer => encoder.Tokenizer;

    /// <summary>Parts of the files that are not honoured, a line each.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>Threads and kernels that it runs on.</summary>
    public Compute Compute => encoder.Compute;

    /// <summary>Scores documents, in their order.</summary>
    /// <param name="progress">Is told how many documents are done.</param>
    /// <exception cref="ArgumentException">A document is too long with the query, or the model takes no instruction.</exception>
    public IReadOnlyList<RerankScore> Score(
        string query, IReadOnlyList<string> documents, RerankOptions? options = null, IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        options ??= new();
        var (room, empty) = (new TokenRoom(MaxTokens, options.Truncate), relevance.Encode(query, "", options.Instruction));
        var pairs = documents.Select((document, number) => room.Fit(relevance.Encode(query, document, options.Instruction), empty, $"Document {number} with the query")).ToArray();
        var scores = new RerankScore[pairs.Length];
        encoder.Run(pairs, relevance.Wanted, relevance.Forward, (pair, row) => scores[pair] = new(pair, relevance.Score(row), pairs[pair].Ids.Count), progress, cancellation);
        return scores;
    }

    public void Dispose() => encoder.Dispose();
}
