using Homegrown.Kernels;
using Homegrown.Kernels.Quant;

namespace Homegrown.Engine.Formats;

/// <summary>A GGUF file, whose names are the canonical ones.</summary>
public sealed class GgufSource(GgufFile file) : ModelSource
{
    readonly HashSet<string> asked = new(StringComparer.Ordinal);
    readonly GgufKeys keys = new(file);

    /// <summary>The file, disposed with this.</summary>
    public GgufFile File { get; } = file;

    public override string Path => File.Paths[0];

    public override long Bytes => File.Bytes;

    public override string Architecture => File.Metadata.GetString("general.architecture") ?? throw File.Metadata.Missing("general.architecture");

    public override ModelKeys Keys => keys;

    public override IEnumerable<string> Unused => File.Tensors.Select(tensor => tensor.Name).Where(name => !asked.Contains(name) && !PredictsFurther(name));

    public override string? ChatTemplate => File.Metadata.GetString("tokenizer.chat_template");

    public override ModelTensor? Tensor(string name)
    {
        if (File.Tensor(name) is not { } tensor) return null;
        asked.Add(name);
        return new Stored(File, tensor)
        {
            Name = name,
            File = File.Paths[tensor.File],
            Offset = tensor.Offset,
            Shape = [.. tensor.Dimensions.Reverse()],
        };
    }

    public override ModelFileException Missing(string name, params ReadOnlySpan<long> shape)
        => new(Path, $"tensor {name}", null, Missed(name, shape, File.Tensors.Select(tensor => tensor.Name)));

    public override void Dispose() => File.Dispose();

    /// <summary>Layers that predict further tokens (DeepSeek-V3, arXiv 2412.19437 §2.2) are the last ones counted.</summary>
    bool PredictsFurther(string name)
        => name.StartsWith("blk.", StringComparison.Ordinal) && int.TryParse(name.Split('.')[1], out var layer)
            && keys.Find($"{Architecture}.nextn_predict_layers") is long further && keys.Find($"{Architecture}.block_count") is long all && layer >= all - further;

    sealed class Stored(GgufFile file, GgufTensor tensor) : ModelTensor
    {
        public override TensorType Type => tensor.Type;

        public override Weight Open() => file.Weight(tensor);

        public override void Release() => file.Release(tensor);

        public override void ReleaseRows(long first, long count) => file.Release(tensor, first, count);
    }

    sealed class GgufKeys(GgufFile file) : ModelKeys
    {
        // What the tensors show by being there, and notes of converters.
        static readonly string[] Idle = ["leading_dense_block_count", "expert_shared_count", "nextn_predict_layers", "rope.scaling.finetuned"];

        readonly GgufMetadata metadata = file.Metadata;

        public override IEnumerable<string> Names => metadata.Values.Select(value => value.Name);

        public override object? Find(string key) => metadata[key] is { } value ? Value(value) : null;

        public override ModelFileException Error(string key, string problem) => new(file.Paths[0], key, metadata[key]?.Offset ?? 0, problem);

        public override IEnumerable<string> Unread(IReadOnlySet<string> read, string architecture)
        {
            // Converters write how experts are chosen also where a model has none.
            var dense = Find($"{architecture}.expert_count") is null or 0L;
            return Names.Where(name => name.StartsWith(architecture + ".", StringComparison.Ordinal) && !read.Contains(name) && !Idle.Contains(name[(architecture.Length + 1)..])
                && !(dense && name.StartsWith($"{architecture}.expert_", StringComparison.Ordinal)));
        }

        static object Value(GgufValue value) => (value.Type, value.ElementType) switch
        {
            (GgufType.Array, GgufType.String) => value.AsStrings(),
            (GgufType.Array, GgufType.Float32 or GgufType.Float64) => value.Elements().Select(element => element.AsDouble()).ToArray(),
            (GgufType.Array, GgufType.Bool) => value.Elements().Select(element => element.AsBoolean()).ToArray(),
            (GgufType.Array, GgufType.Array) => throw value.Error("is an array of arrays, which no model has here"),
            (GgufType.Array, _) => value.Elements().Select(element => element.AsInt64()).ToArray(),
            (GgufType.String, _) => value.AsString(),
            (GgufType.Bool, _) => value.AsBoolean(),
            (GgufType.Float32 or GgufType.Float64, _) => value.AsDouble(),
            _ => value.AsInt64(),
        };
    }
}
