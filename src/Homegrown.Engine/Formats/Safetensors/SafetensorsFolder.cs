using System.Text.Json;
using Homegrown.Kernels;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Quant;
namespace Homegrown.Engine.Formats.Safetensors;

/// <summary>Stand-in until the real one is merged.</summary>
public sealed class SafetensorsFolder : IDisposable
{
    readonly List<MappedFile> files = [];
    readonly Dictionary<string, ModelTensor> tensors = [];
    readonly HashSet<string> used = [];
    public static SafetensorsFolder Open(string folder)
    {
        var me = new SafetensorsFolder();
        foreach (var path in Directory.EnumerateFiles(folder, "model*.safetensors"))
        {
            var file = new MappedFile(path);
            me.files.Add(file);
            var n = BitConverter.ToInt64(file.Span(0, 8));
            foreach (var p in JsonDocument.Parse(file.Span(8, (int)n).ToArray()).RootElement.EnumerateObject())
            {
                if (p.Name == "__metadata__") continue;
                var type = p.Value.GetProperty("dtype").GetString() switch { "BF16" => TensorType.BF16, "F32" => TensorType.F32, "F16" => TensorType.F16, "I64" => TensorType.I64, "I32" => TensorType.I32, _ => TensorType.I8 };
                me.tensors[p.Name] = new T(file, type) { Name = p.Name, File = path, Offset = 8 + n + p.Value.GetProperty("data_offsets")[0].GetInt64(), Shape = [.. p.Value.GetProperty("shape").EnumerateArray().Select(x => x.GetInt64())] };
            }
        }
        return me;
    }
    public bool Has(string module) => tensors.ContainsKey(module) || tensors.ContainsKey(module + ".weight");
    public ModelTensor? Matrix(string module)
    {
        foreach (var name in (string[])[module + ".weight", module])
            if (tensors.TryGetValue(name, out var t)) { used.Add(name); return t; }
        return null;
    }
    public IEnumerable<string> Unused => tensors.Keys.Where(k => !used.Contains(k));
    public void Dispose() { foreach (var f in files) f.Dispose(); }
    sealed class T(MappedFile file, TensorType type) : ModelTensor
    {
        public override TensorType Type => type;
        public override Weight Open() => file.Weight(type, (int)Rows, (int)Columns, Offset);
    }
}
