using System.Runtime.InteropServices;
using Homegrown.Engine.Cache;
using Homegrown.Engine.Formats;
using Homegrown.Engine.Models;
using Homegrown.Engine.Scheduling;
using Homegrown.Engine.Tokenizers;
using Homegrown.Kernels;
using Homegrown.Kernels.Memory;

namespace Homegrown.Engine.Embeddings;

/// <summary>
/// A model that reads texts whole: several of them, of any lengths, in one step, one below the other without padding. Safe for many
/// callers, who take turns step by step.
/// </summary>
sealed class TextEncoder : IDisposable
{
    /// <summary>Tokens of a step, unless one text alone has more: enough for products to be bound by arithmetic.</summary>
    const int StepTokens = 2048;

    readonly PackedWeights packing;
    readonly Lock turn = new();
    KvCache? cache;
    Batch? batch;

    TextEncoder(ModelSource source, Compute compute, PackedWeights packing, EngineOptions options)
    {
        (Source, Compute, this.packing) = (source, compute, packing);
        var architecture = ModelCatalog.Find(source);
        Metadata = new ModelMetadata(source, architecture.Defaults);
        Weights = new Weights(source, packing, options.WeightType);
        Config = ModelConfig.Read(Metadata, Weights.Rows("token_embd")) with { HalfGelu = options.Exact && source is GgufSource };
        Model = architecture.Load(Config, Weights);
        Tokenizer = TokenizerFactory.Of(source, Config.VocabularySize);
    }

    public ModelSource Source { get; }

    public Compute Compute { get; }

    public ModelConfig Config { get; }

    public ModelMetadata Metadata { get; }

    public Weights Weights { get; }

    public Model Model { get; }

    public Tokenizer Tokenizer { get; }

    /// <summary>The same as the part of a model that makes states.</summary>
    /// <exception cref="ModelFileException">This architecture has no such part in this build.</exception>
    public IEncoder Encoder => Model as IEncoder ?? throw Source.Keys.Error("general.architecture", $"'{Source.Architecture}' makes no vectors in this build");

    /// <summary>Parts of the file that are not honoured, a line each.</summary>
    public IReadOnlyList<string> Warnings => [.. Weights.Unread().Select(name => $"tensor {name} is not used"), .. Metadata.Unread().Select(key => $"key {key} is not read")];

    /// <exception cref="ModelFileException">A file is not what it says.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static TextEncoder Load(string path, EngineOptions? options)
    {
        options ??= new();
        var source = LocalModel.Open(path, options.Exact);
        var compute = new Compute(new ComputeOptions { Threads = options.Threads, Tier = options.Tier, Exact = options.Exact, MaxVectorBits = options.MaxVectorBits });
        var packing = new PackedWeights(compute);
        try
        {
            return new(source, compute, packing, options);
        }
        catch
        {
            packing.Dispose();
            compute.Dispose();
            source.Dispose();
            throw;
        }
    }

    /// <summary>Runs texts, in as few steps as their tokens fill.</summary>
    /// <param name="wanted">Which states the model is asked for.</param>
    /// <param name="forward">A step's batch to a row for each of its texts.</param>
    /// <param name="row">Takes the row of a text, by the text's number.</param>
    /// <param name="progress">Is told how many texts are done.</param>
    public void Run(
        IReadOnlyList<EncodedPair> texts, LogitsOf wanted, Func<Batch, Tensor> forward, Action<int, ReadOnlySpan<float>> row, IProgress<int>? progress, CancellationToken cancellation)
    {
        for (int first = 0, end; first < texts.Count; first = end)
        {
            cancellation.ThrowIfCancellationRequested();
            end = first + 1;
            for (var tokens = texts[first].Ids.Count; end < texts.Count && (tokens += texts[end].Ids.Count) <= StepTokens; end++)
            {
            }

            lock (turn)
            {
                using var processors = Compute.Turn();
                var y = forward(Step(texts, first, end, wanted));
                for (var text = first; text < end; text++) row(text, y.Row(text - first));
            }

            progress?.Report(end);
        }
    }

    public void Dispose()
    {
        cache?.Dispose();
        packing.Dispose();
        Compute.Dispose();
        Source.Dispose();
    }

    Batch Step(IReadOnlyList<EncodedPair> texts, int first, int end, LogitsOf wanted)
    {
        var pages = 0;
        for (var text = first; text < end; text++) pages += KvCache.PagesFor(texts[text].Ids.Count);
        if (cache is null || cache.Pages < pages || cache.FreeSlots < end - first)
        {
            cache?.Dispose();
            cache = new KvCache(Model.KvShape, pages * KvCache.PageSize, Compute.Exact ? KvType.F32 : KvType.F16, StepTokens);
            batch = new Batch(Compute, cache);
        }

        batch!.Clear();
        var leases = new List<KvLease>(end - first);
        for (var text = first; text < end; text++)
        {
            var (ids, types) = texts[text];
            var lease = new KvLease();
            leases.Add(lease);
            cache.TryReserve(lease, ids.Count);
            batch.Add(Span(ids), 0, lease, wanted, addedTypes: Span(types));
        }

        foreach (var lease in leases) cache.Release(lease);      // nothing is kept: the next step writes over it
        return batch;
    }

    static ReadOnlySpan<int> Span(IReadOnlyList<int> ids) => ids is List<int> list ? CollectionsMarshal.AsSpan(list) : ids.ToArray();
}
