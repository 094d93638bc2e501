using Homegrown.Engine.Formats;
using Homegrown.Engine.Models;
using Homegrown.Kernels;

namespace Homegrown.Engine.Tests.Folders;

/// <summary>A source that notes which tensors a model took from another.</summary>
sealed class RecordingSource(ModelSource of) : ModelSource
{
    readonly OrderedDictionary<string, ModelTensor> taken = [];

    public override string Path => of.Path;

    public override string Architecture => of.Architecture;

    public override ModelKeys Keys => of.Keys;

    public override IEnumerable<string> Unused => of.Unused;

    public override string? ChatTemplate => of.ChatTemplate;

    /// <summary>What a model of this source is made of, by canonical name.</summary>
    public IReadOnlyDictionary<string, ModelTensor> Load()
    {
        using var compute = new Compute(new());
        using var packing = new PackedWeights(compute);
        var (architecture, weights) = (ModelCatalog.Find(of), new Weights(this, packing));
        architecture.Load(ModelConfig.Read(new ModelMetadata(of, architecture.Defaults), weights.Rows("token_embd")), weights);
        return taken;
    }

    public override ModelTensor? Tensor(string name)
    {
        if (of.Tensor(name) is { } tensor) taken.TryAdd(name, tensor);
        return of.Tensor(name);
    }

    public override ModelFileException Missing(string name, params ReadOnlySpan<long> shape) => of.Missing(name, shape);

    public override void Dispose() => of.Dispose();
}
