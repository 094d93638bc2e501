using Homegrown.Engine.Cache;
using Homegrown.Engine.Chat;
using Homegrown.Engine.Evaluation;
using Homegrown.Engine.Folders;
using Homegrown.Engine.Formats;
using Homegrown.Engine.Models;
using Homegrown.Engine.Sampling;
using Homegrown.Engine.Scheduling;
using Homegrown.Engine.Tokenizers;
using Homegrown.Kernels;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Quant;

namespace Homegrown.Engine;

/// <summary>Settings of a <see cref="LocalModel"/>.</summary>
public sealed record EngineOptions
{
    /// <summary>Threads that compute; 0 takes what the machine and its quota give.</summary>
    public int Threads { get; init; }

    /// <summary>Positions of the context; 0 takes the model's own length, or what a quarter of the memory holds.</summary>
    public int ContextLength { get; init; }

    /// <summary>Requests that run at the same time; others wait.</summary>
    public int Sequences { get; init; } = 16;

    /// <summary>
    /// Positions of the cache, which all requests share and where what they read stays for later ones; 0 takes a context for each request,
    /// or what a quarter of the memory holds. At least one context.
    /// </summary>
    public int Positions { get; init; }

    /// <summary>Float32 weights, activations and cache, for comparing with references.</summary>
    public bool Exact { get; init; }

    /// <summary>Matrices of products that are larger are rounded to this type when they are loaded; null leaves them as they are.</summary>
    public TensorType? WeightType { get; init; }

    /// <summary>How keys and values are kept; null takes F16, or F32 with <see cref="Exact"/>.</summary>
    public KvType? CacheType { get; init; }

    /// <summary>Forces a tier of the kernels; null takes the best.</summary>
    public Tier? Tier { get; init; }

    /// <summary>Widest vectors of the portable tier: 128, 256 or 512 bits; 0 takes the widest that pay on the processor.</summary>
    public int MaxVectorBits { get; init; }
}

/// <summary>A model on this machine: weights, tokenizer, template, and the engine that runs requests. Safe for many callers.</summary>
public sealed class LocalModel : IDisposable
{
    readonly ModelSource source;
    readonly PackedWeights packing;
    readonly Decoder decoder;
    readonly KvCache cache;
    readonly EngineLoop engine;
    readonly KvType kvType;
    readonly Lazy<ChatTemplate?> template;
    readonly SequenceBreakers breakers;
    readonly Candidates candidates = new();     // of all samplers: they work on the engine's thread, one after the other

    LocalModel(ModelSource source, Compute compute, PackedWeights packing, EngineOptions options)
    {
        (this.source, Compute, this.packing) = (source, compute, packing);
        var architecture = ModelCatalog.Find(source);
        var metadata = new ModelMetadata(source, architecture.Defaults);
        var weights = new Weights(source, packing, options.WeightType);
        Config = ModelConfig.Read(metadata, weights.Rows("token_embd"));
        if (options.Exact) Config = Config.AsReference(source);
        decoder = architecture.LoadDecoder(Config, weights);
        Warnings = [.. weights.Unread().Select(name => $"tensor {name} is not used"), .. metadata.Unread().Select(key => $"key {key} is not read")];
        BytesByType = weights.BytesByType;
        Tokenizer = TokenizerFactory.Of(source, Config.VocabularySize);
        breakers = new SequenceBreakers(Tokenizer);
        template = new(() => source.ChatTemplate is { } text ? new ChatTemplate(text, SpecialTokens(Tokenizer)) : null);
        kvType = options.CacheType ?? (options.Exact ? KvType.F32 : KvType.F16);
        ContextLength = Context(options);
        cache = new KvCache(decoder.KvShape, Positions(options), kvType, options.Sequences);
        engine = new EngineLoop(decoder, Compute, cache, new() { Sequences = options.Sequences });
    }

    /// <summary>Opens a model: a GGUF file, or a folder of Hugging Face or ModelScope.</summary>
    /// <exception cref="ModelFileException">A file is not what it says.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static LocalModel Load(string path, EngineOptions? options = null)
    {
        options ??= new();
        var source = Open(path, options.Exact);
        var compute = new Compute(new ComputeOptions { Threads = options.Threads, Tier = options.Tier, Exact = options.Exact, MaxVectorBits = options.MaxVectorBits });
        var packing = new PackedWeights(compute);
        try
        {
            return new LocalModel(source, compute, packing, options);
        }
        catch
        {
            packing.Dispose();
            compute.Dispose();
            source.Dispose();
            throw;
        }
    }

    /// <summary>A model's keys and tensors: those of a GGUF file, or of a folder.</summary>
    /// <inheritdoc cref="Load"/>
    internal static ModelSource Open(string path, bool exact = true) => Directory.Exists(path) ? FolderSource.Open(path, exact) : new GgufSource(GgufFile.Open(path));

    /// <summary>The name under which the API lists it: the file's name without extension, or the folder's name.</summary>
    public string Id => NameOf(source);

    /// <summary>Absolute path of the (first) file, or of the folder.</summary>
    public string Path => source.Path;

    /// <summary>Id of the architecture.</summary>
    public string Architecture => Config.Architecture;

    /// <summary>The numbers that shape the model.</summary>
    public ModelConfig Config { get; }

    public Tokenizer Tokenizer { get; }

    /// <summary>The file's chat template; null where it has none.</summary>
    /// <exception cref="TemplateException">It cannot be parsed: completions work all the same.</exception>
    public ChatTemplate? Template => template.Value;

    /// <summary>Positions that a prompt and its continuation may take together.</summary>
    public int ContextLength { get; }

    /// <summary>Length of a logits row.</summary>
    public int VocabularySize => Config.VocabularySize;

    /// <summary>Bytes of weights that a decoded token reads, by their type: the token table only as a tied head, of experts those that are chosen.</summary>
    public IReadOnlyDictionary<TensorType, long> BytesByType { get; }

    /// <summary>Bytes of weights that a decoded token reads.</summary>
    public long BytesPerToken => BytesByType.Values.Sum();

    /// <summary>Bytes of all its weight files.</summary>
    public long FileBytes => source.Bytes;

    /// <summary>Bytes of the weights that were packed into panels.</summary>
    public long PanelBytes => packing.Bytes;

    /// <summary>Bytes of the cache when it is full.</summary>
    public long CacheBytes => cache.Bytes;

    /// <summary>Parts of the file that are not honoured, a line each.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>Threads and kernels that it runs on.</summary>
    public Compute Compute { get; }

    /// <summary>Renders a conversation and encodes it.</summary>
    /// <param name="parseContent">Control tokens spelled in contents are control tokens; otherwise they are plain text.</param>
    /// <exception cref="TemplateException">The template refuses the conversation, or the file has none.</exception>
    public List<int> Encode(ChatPrompt prompt, bool parseContent = false)
    {
        var template = Template ?? throw new TemplateException($"{Path} has no chat template; use a completion instead");
        var ids = new List<int>();
        Tokenizer.Encode(template.Render(prompt), ids, parseContent);
        return ids;
    }

    /// <summary>Runs a request: waits its turn, then yields pieces as they come. Cancelling stops the work at the next token.</summary>
    /// <exception cref="ContextLengthException">The prompt does not fit.</exception>
    /// <exception cref="SamplingOptionException">A setting is out of range.</exception>
    /// <exception cref="ArgumentException">The prompt is empty or has a token that the model lacks.</exception>
    public IAsyncEnumerable<GenerationPiece> GenerateAsync(GenerationRequest request, CancellationToken cancellation = default)
    {
        CheckTokens(request.Prompt);
        if (request.Prompt.Count >= ContextLength) throw new ContextLengthException(request.Prompt.Count, ContextLength);
        var least = request.PromptLogprobs ? 0 : 1;
        if (request.MaxTokens < least) throw new SamplingOptionException("max_tokens", $"max_tokens is {request.MaxTokens}; it must be at least {least}.");
        if (request is { PromptLogprobs: true, TopLogprobs: null })
            throw new SamplingOptionException("top_logprobs", "top_logprobs is absent; say how many for each token of the prompt, 0 for its own alone.");
        if (request.TopLogprobs is < 0 or > LogProbabilities.MostTop)
            throw new SamplingOptionException("top_logprobs", $"top_logprobs is {request.TopLogprobs}; it must be 0 to {LogProbabilities.MostTop}.");
        var sampler = new SamplerChain(request.Sampling, VocabularySize, candidates, breakers);
        sampler.AcceptPrompt(request.Prompt);
        var room = Math.Min(request.MaxTokens ?? int.MaxValue, ContextLength - request.Prompt.Count);
        return new GenerationStream(request, Tokenizer, sampler, room, cancellation).RunAsync(engine, ContextLength, cancellation);
    }

    /// <summary>Logits of every position: <paramref name="row"/> gets (position, [VocabularySize]), in order, before this returns.</summary>
    /// <exception cref="ContextLengthException">More tokens than the context holds.</exception>
    public void Logits(IReadOnlyList<int> tokens, Action<int, ReadOnlySpan<float>> row)
    {
        using var run = Evaluate(tokens);
        while (run.Next(row))
        {
        }
    }

    /// <summary>Logits of the positions from <paramref name="first"/> on, to be taken some rows at a time.</summary>
    /// <exception cref="ContextLengthException">More tokens than the context holds.</exception>
    public LogitsRun Evaluate(IReadOnlyList<int> tokens, int first = 0)
    {
        CheckTokens(tokens);
        if (tokens.Count > ContextLength) throw new ContextLengthException(tokens.Count, ContextLength);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)first, (uint)tokens.Count, nameof(first));
        return new LogitsRun(engine, decoder, Compute, kvType, tokens, first);
    }

    public void Dispose()
    {
        engine.Dispose();
        cache.Dispose();
        packing.Dispose();
        Compute.Dispose();
        source.Dispose();
    }

    int Context(EngineOptions options)
    {
        var wanted = options.ContextLength;
        if (wanted > Config.ContextLength || wanted < 0)
            throw new ArgumentException($"A context of {wanted} is out of range: {Path} was made for 1 to {Config.ContextLength} positions.");
        return wanted > 0 ? wanted : (int)Math.Min(Config.ContextLength, Math.Max(PositionsInMemory(options.Sequences), 512));
    }

    int Positions(EngineOptions options)
    {
        var wanted = options.Positions > 0 ? options.Positions : Math.Min((long)ContextLength * options.Sequences, PositionsInMemory(options.Sequences));
        return (int)Math.Clamp(wanted, ContextLength, int.MaxValue / 2);
    }

    long PositionsInMemory(int sequences) => decoder.KvShape.PositionsIn(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4, kvType, sequences * (1 + KvCache.SnapshotsPerSequence));

    internal static string NameOf(ModelSource source)
        => source is FolderSource ? System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(source.Path)) : System.IO.Path.GetFileNameWithoutExtension(source.Path);

    void CheckTokens(IReadOnlyList<int> tokens)
    {
        if (tokens.Count == 0) throw new ArgumentException("The prompt has no tokens.", nameof(tokens));
        for (var i = 0; i < tokens.Count; i++)
            if ((uint)tokens[i] >= (uint)VocabularySize)
                throw new ArgumentException($"Token {i} of the prompt is {tokens[i]}; the vocabulary has 0 to {VocabularySize - 1}.", nameof(tokens));
    }

    static Dictionary<string, string> SpecialTokens(Tokenizer tokenizer)
    {
        var tokens = new Dictionary<string, string>();
        foreach (var (name, id) in (ReadOnlySpan<(string, int?)>)[("bos_token", tokenizer.Bos), ("eos_token", tokenizer.Eos), ("unk_token", tokenizer.Unknown), ("pad_token", tokenizer.Padding)])
            if (id is { } known) tokens[name] = tokenizer.Piece(known);
        return tokens;
    }
}
