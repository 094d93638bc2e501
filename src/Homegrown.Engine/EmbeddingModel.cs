using Homegrown.Engine.Embeddings;
using Homegrown.Engine.Folders;
using Homegrown.Engine.Formats;
using Homegrown.Engine.Models;
using Homegrown.Engine.Scheduling;
using Homegrown.Engine.Tokenizers;
using Homegrown.Kernels;

namespace Homegrown.Engine;

/// <summary>How texts become vectors.</summary>
public sealed record EmbeddingOptions
{
    /// <summary>Name of the prompt that goes before each text (<see cref="EmbeddingModel.Prompts"/>); null takes the model's default, empty takes none.</summary>
    public string? Prompt { get; init; }

    /// <summary>Numbers of a vector: its first ones, brought to length 1 again (Matryoshka, arXiv 2205.13147); 0 keeps all.</summary>
    public int Dimensions { get; init; }

    /// <summary>Brings the whole vector to mean 0 and variance 1 before it is cut, as Nomic Embed 1.5 wants it for shorter vectors.</summary>
    public bool LayerNorm { get; init; }

    /// <summary>A text that is too long is cut; otherwise it is an error.</summary>
    public bool Truncate { get; init; }
}

/// <summary>A text's vector.</summary>
/// <param name="Vector">[dimensions].</param>
/// <param name="Tokens">Tokens that were read, special ones and the prompt's included.</param>
public sealed record TextEmbedding(float[] Vector, int Tokens);

/// <summary>
/// A model on this machine that makes vectors of texts: a folder as sentence-transformers keeps it, or a GGUF file. Safe for many callers.
/// </summary>
public sealed class EmbeddingModel : IDisposable
{
    readonly TextEncoder encoder;
    readonly SentenceFolder folder;
    readonly Pooling pooling;
    readonly List<DenseLayer?> steps = [];

    EmbeddingModel(TextEncoder encoder)
    {
        this.encoder = encoder;
        foreach (var unneeded in (string[])["cls", "cls.output", "pooler"])        // a head of scores, which vectors do without
            if (encoder.Weights.Has(unneeded)) encoder.Weights.Has($"{unneeded}.bias");
        folder = encoder.Source is FolderSource ? SentenceFolder.Read(encoder.Source.Path) : new();
        pooling = folder.Pooling ?? DefaultPooling(encoder.Config);
        MaxTokens = Math.Min(encoder.Config.ContextLength, folder.MaxTokens is > 0 and var most ? most : int.MaxValue);
        Dimensions = encoder.Encoder.Width * pooling.Count;
        foreach (var name in (string[])["dense_2", "dense_3"])                     // GGUF's: folders say theirs in modules.json
            if (encoder.Weights.Has(name) && encoder.Weights.Rows(name) is var outputs) Add(new(encoder.Weights.Linear(name, Dimensions, outputs), outputs));
        foreach (var path in folder.Steps) Add(path is null ? null : new(path, Dimensions));

        Warnings = encoder.Warnings;

        void Add(DenseLayer? step)
        {
            steps.Add(step);
            Dimensions = step?.Outputs ?? Dimensions;
        }
    }

    /// <summary>Opens a model.</summary>
    /// <exception cref="ModelFileException">A file is not what it says, or the model makes no vectors.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static EmbeddingModel Load(string path, EngineOptions? options = null)
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

    /// <summary>Numbers of a vector.</summary>
    public int Dimensions { get; private set; }

    /// <summary>Tokens of the longest text, special ones and the prompt's included.</summary>
    public int MaxTokens { get; }

    /// <summary>Texts that the model was trained to have before queries, documents and the like, by name.</summary>
    public IReadOnlyDictionary<string, string> Prompts => folder.Prompts;

    /// <summary>Absolute path of the file or folder.</summary>
    public string Path => encoder.Source.Path;

    /// <summary>The name under which the API lists it.</summary>
    public string Id => LocalModel.NameOf(encoder.Source);

    public Tokenizer Tokenizer => encoder.Tokenizer;

    /// <summary>Parts of the files that are not honoured, a line each.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>Threads and kernels that it runs on.</summary>
    public Compute Compute => encoder.Compute;

    /// <summary>A vector for each text, in their order.</summary>
    /// <param name="progress">Is told how many texts are done.</param>
    /// <exception cref="ArgumentException">A text is too long, the model has no such prompt, or not so many dimensions.</exception>
    public IReadOnlyList<TextEmbedding> Embed(IReadOnlyList<string> texts, EmbeddingOptions? options = null, IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        options ??= new();
        if (options.Dimensions < 0 || options.Dimensions > Dimensions)
            throw new ArgumentException($"{options.Dimensions} dimensions were asked for; the model has 1 to {Dimensions}.", nameof(options));
        var prompt = FindPrompt(options.Prompt);
        var empty = Encode("");
        var before = prompt.Length == 0 ? 0 : TokenRoom.Before(Encode(prompt), empty);
        var room = new TokenRoom(MaxTokens, options.Truncate);
        var encoded = texts.Select((text, number) => room.Fit(Encode(prompt + text), empty, $"Text {number}")).ToArray();
        var results = new TextEmbedding[encoded.Length];
        encoder.Run(encoded, LogitsOf.All, batch => Vectors(batch, before), (text, row) => results[text] = new(Finished(row, options), encoded[text].Ids.Count), progress, cancellation);
        return results;
    }

    public void Dispose()
    {
        foreach (var dense in steps) dense?.Dispose();
        encoder.Dispose();
    }

    /// <summary>What pooling and its followers make of a step, [texts, dimensions].</summary>
    /// <param name="prompt">Tokens at the start of each text that are a prompt's.</param>
    Tensor Vectors(Batch batch, int prompt)
    {
        var y = pooling.Forward(encoder.Encoder.Encode(batch), batch.Rows, prompt);
        foreach (var dense in steps)
            if (dense is not null) y = dense.Forward(y);
            else for (var text = 0; text < y.Rows; text++) VectorMath.Normalize(y.Row(text));
        return y;
    }

    static float[] Finished(ReadOnlySpan<float> row, EmbeddingOptions options)
    {
        var vector = row.ToArray();
        if (options.LayerNorm) VectorMath.Standardize(vector);
        if (options.Dimensions == 0) return vector;
        vector = vector[..options.Dimensions];
        VectorMath.Normalize(vector);
        return vector;
    }

    EncodedPair Encode(string text) => new(Tokenizer.Encode(folder.LowerCase ? text.ToLowerInvariant() : text, parseSpecial: false), []);

    string FindPrompt(string? name)
    {
        if ((name ?? folder.DefaultPrompt) is not { Length: > 0 } wanted) return "";
        return Prompts.TryGetValue(wanted, out var prompt)
            ? prompt
            : throw new ArgumentException($"The model has no prompt '{wanted}'; it has {(Prompts.Count == 0 ? "none" : string.Join(", ", Prompts.Keys))}.");
    }

    /// <summary>Where no folder says it: by the file's key, else as the family's models are mostly used.</summary>
    static Pooling DefaultPooling(ModelConfig c) => c.Metadata.Integer("pooling_type") switch
    {
        1 => new(PoolingModes.Mean),
        2 => new(PoolingModes.Cls),
        3 => new(PoolingModes.Last),
        null or 0 => new(c.Causal ? PoolingModes.Last : PoolingModes.Mean),
        4 => throw c.Metadata.Error("pooling_type", "4 is a reranker: 'rerank' takes it"),
        var other => throw c.Metadata.Error("pooling_type", $"{other} is not supported (1 mean, 2 cls, 3 last are)"),
    };
}
