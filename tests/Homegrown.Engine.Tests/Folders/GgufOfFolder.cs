using Homegrown.Engine.Folders;
using Homegrown.Engine.Formats;
using Homegrown.Engine.Tests.Formats;
using Homegrown.Kernels.Quant;

namespace Homegrown.Engine.Tests.Folders;

/// <summary>The GGUF file of a folder: the keys and tensors that its family takes, under the names of GGUF.</summary>
static class GgufOfFolder
{
    /// <param name="further">Layers that predict further tokens, put after the last one, with one tensor each.</param>
    /// <param name="change">What becomes of a key's or tensor's name, and of a key's value (null for a tensor's).</param>
    /// <param name="numbers">Keys for tensors of one number a layer, by their names in a layer.</param>
    public static void Write(
        string folder, string path, int further = 0, Func<string, object?, (string Name, object? Value)>? change = null, IReadOnlyDictionary<string, string>? numbers = null)
    {
        change ??= (name, value) => (name, value);
        using var source = new RecordingSource(FolderSource.Open(folder));
        var (tensors, keys) = Split(source.Load(), numbers ?? new Dictionary<string, string>());
        WrittenModel.Write(path, writer =>
        {
            Add("general.architecture", source.Architecture);
            writer.Add("tokenizer.ggml.model", "none");
            var counted = $"{source.Architecture}.block_count";
            var layers = (long)source.Keys.Find(counted)!;
            foreach (var key in source.KeysTaken.Where(key => key != counted).ToArray()) Add(key, source.Keys.Find(key)!);
            Add(counted, layers + further);
            foreach (var (key, values) in keys) Add(key, values);
            if (further > 0) writer.Add($"{source.Architecture}.nextn_predict_layers", further);
            foreach (var (name, tensor) in tensors) writer.AddTensor(change(name, null).Name, tensor.Type, [.. tensor.Shape.Reverse()]);
            for (var layer = layers; layer < layers + further; layer++) writer.AddTensor($"blk.{layer}.nextn.enorm.weight", TensorType.F32, 1);
            foreach (var (_, tensor) in tensors) WriteRows(tensor, writer);
            for (var i = 0; i < further; i++) writer.WriteData(new byte[sizeof(float)]);

            void Add(string key, object value)
            {
                var changed = change(key, value);
                writer.Add(changed.Name, changed.Value!);
            }
        });
    }

    /// <summary>Tensors that stay, and those that become keys: an array of the layers' numbers.</summary>
    static (Dictionary<string, ModelTensor> Tensors, Dictionary<string, float[]> Keys) Split(IReadOnlyDictionary<string, ModelTensor> tensors, IReadOnlyDictionary<string, string> numbers)
    {
        var named = numbers.ToDictionary(
            number => number.Value,
            number => tensors.Where(tensor => tensor.Key.StartsWith("blk.", StringComparison.Ordinal) && tensor.Key.Split('.')[2] == number.Key).Select(tensor => First(tensor.Value)).ToArray());
        return (tensors.Where(tensor => !numbers.ContainsKey(tensor.Key.Split('.').ElementAtOrDefault(2) ?? "")).ToDictionary(), named);
    }

    static float First(ModelTensor tensor)
    {
        var value = new float[1];
        tensor.Open().Dequantize(0, value);
        return value[0];
    }

    static void WriteRows(ModelTensor tensor, GgufWriter writer)
    {
        if (tensor is StackedTensor stack)
        {
            foreach (var part in stack.Parts) WriteRows(part, writer);
            return;
        }

        var weight = tensor.Open();
        for (var row = 0; row < weight.Rows; row++) writer.WriteData(weight.Row(row));
        tensor.Release();
    }
}
