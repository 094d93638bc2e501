using Homegrown.Engine.Formats;
using Homegrown.Kernels;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Quant;

namespace Homegrown.Engine.Models;

/// <summary>A source with all keys and tensors of another, but whose weights are zeros: nothing is read or converted. Notes which were taken.</summary>
sealed class OutlinedSource(ModelSource of) : ModelSource
{
    readonly OrderedDictionary<string, ModelTensor?> taken = new(StringComparer.Ordinal);
    readonly Zeros zeros = new();

    /// <summary>Canonical names, and what the model has there.</summary>
    public IEnumerable<(string Name, ModelTensor Tensor)> Taken => taken.Where(entry => entry.Value is not null).Select(entry => (entry.Key, entry.Value!));

    public override string Path => of.Path;

    public override long Bytes => of.Bytes;

    public override string Architecture => of.Architecture;

    public override ModelKeys Keys => of.Keys;

    public override IEnumerable<string> Unused => of.Unused;

    public override string? ChatTemplate => of.ChatTemplate;

    public override ModelTensor? Tensor(string name)
    {
        if (!taken.TryGetValue(name, out var outlined))
            taken[name] = outlined = of.Tensor(name) is { } tensor ? Outlined(tensor) : null;
        return outlined;
    }

    /// <summary>Integers stay: they are small tables of places, which layers check.</summary>
    ModelTensor Outlined(ModelTensor tensor) => tensor.Type is TensorType.I32 or TensorType.I64
        ? tensor
        : new Empty(zeros, tensor.Type) { Name = tensor.Name, File = tensor.File, Offset = tensor.Offset, Shape = tensor.Shape };

    public override ModelFileException Missing(string name, params ReadOnlySpan<long> shape) => of.Missing(name, shape);

    public override void Dispose()
    {
        foreach (var tensor in Made) tensor.Release();
        zeros.Dispose();
    }

    sealed class Empty(Zeros zeros, TensorType type) : ModelTensor
    {
        public override TensorType Type => type;

        public override Weight Open() => zeros.Matrix(type, checked((int)Rows), checked((int)Columns));
    }

    /// <summary>The same zeros for all matrices, as many as the largest of them has: the system gives no memory to what is only read, or never.</summary>
    sealed class Zeros : IDisposable
    {
        readonly List<NativeBuffer> buffers = [];

        public Weight Matrix(TensorType type, int rows, int columns)
        {
            var bytes = checked(QuantFormats.RowBytes(type, columns) * rows);
            if (buffers.Count == 0 || buffers[^1].Bytes < bytes) buffers.Add(new(checked(2 * bytes)));
            return buffers[^1].Weight(type, rows, columns);
        }

        public void Dispose()
        {
            foreach (var buffer in buffers) buffer.Dispose();
        }
    }
}
