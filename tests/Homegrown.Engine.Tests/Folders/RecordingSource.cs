using Homegrown.Engine.Formats;
using Homegrown.Engine.Models;
using Homegrown.Kernels;

namespace Homegrown.Engine.Tests.Folders;

/// <summary>A source that notes which keys and tensors a model took from another.</summary>
sealed class RecordingSource(ModelSource of) : ModelSource
{
    readonly OrderedDictionary<string, ModelTensor> taken = [];
    readonly RecordingKeys keys = new(of.Keys);

    public override string Path => of.Path;

    public override long Bytes => of.Bytes;

    public override string Architecture => of.Architecture;

    public override ModelKeys Keys => keys;

    /// <summary>The keys that a model asked for and that are there.</summary>
    public IEnumerable<string> KeysTaken => keys.Asked.Where(key => of.Keys.Find(key) is not null);

    public override IEnumerable<string> Unused => of.Unused;

    public override string? ChatTemplate => of.ChatTemplate;

    /// <summary>What a model of this source is made of, by canonical name.</summary>
    public IReadOnlyDictionary<string, ModelTensor> Load()
    {
        using var compute = new Compute(new());
        using var packing = new PackedWeights(compute);
        var (architecture, weights) = (ModelCatalog.Find(of), new Weights(this, packing));
        architecture.Load(ModelConfig.Read(new ModelMetadata(this, architecture.Defaults), weights.Rows("token_embd")), weights);
        return taken;
    }

    public override ModelTensor? Tensor(string name)
    {
        if (of.Tensor(name) is { } tensor) taken.TryAdd(name, tensor);
        return of.Tensor(name);
    }

    public override ModelFileException Missing(string name, params ReadOnlySpan<long> shape) => of.Missing(name, shape);

    public override void Dispose() => of.Dispose();

    sealed class RecordingKeys(ModelKeys of) : ModelKeys
    {
        public SortedSet<string> Asked { get; } = new(StringComparer.Ordinal);

        public override IEnumerable<string> Names => of.Names;

        public override object? Find(string key)
        {
            Asked.Add(key);
            return of.Find(key);
        }

        public override ModelFileException Error(string key, string problem) => of.Error(key, problem);

        public override IEnumerable<string> Unread(IReadOnlySet<string> read, string architecture) => of.Unread(read, architecture);
    }
}
