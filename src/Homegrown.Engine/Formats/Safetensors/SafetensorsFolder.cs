using System.Text.Json;
using Homegrown.Engine.Folders;
using Homegrown.Engine.Formats.Safetensors.Quantized;
using Homegrown.Kernels;
using Homegrown.Kernels.Quant;

namespace Homegrown.Engine.Formats.Safetensors;

/// <summary>
/// The weights of a model folder: model.safetensors, or the shards that model.safetensors.index.json lists. Notes which tensors were asked
/// for.
/// </summary>
public sealed class SafetensorsFolder : IDisposable
{
    const string Whole = "model.safetensors", Index = "model.safetensors.index.json";
    const int MostIndexBytes = 256 << 20;

    readonly List<SafetensorsFile> files = [];
    readonly Dictionary<string, (SafetensorsFile File, SafetensorsTensor Tensor)> tensors = new(StringComparer.Ordinal);
    readonly HashSet<string> asked = new(StringComparer.Ordinal);
    readonly List<QuantizedTensor> converted = [];
    readonly QuantizedLayouts layouts;

    SafetensorsFolder(string folder, bool exact)
    {
        Path = folder;
        try
        {
            if (File.Exists(System.IO.Path.Combine(folder, Index))) OpenShards();
            else Add(SafetensorsFile.Open(Single()));
            layouts = new(QuantizationConfig.Read(folder), name => tensors.TryGetValue(name, out var found) ? new(found.File, found.Tensor) : null, exact);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Opens the files of a folder.</summary>
    /// <param name="exact">Quantized weights as they are to the bit; else what no format of ours holds (eight-bit floats) is rounded to Q8_0.</param>
    /// <exception cref="ModelFileException">A file is missing or not what it says, or the index names a file outside of the folder.</exception>
    public static SafetensorsFolder Open(string folder, bool exact = true) => new(folder, exact);

    public string Path { get; }

    /// <summary>All tensors, by the names that they have here.</summary>
    public IEnumerable<string> Names => tensors.Keys;

    /// <summary>Tensors that nobody asked for; the parts of a quantized weight are one.</summary>
    public IEnumerable<string> Unused => tensors.Keys.Where(name => !asked.Contains(name)).Select(layouts.Whole).Distinct();

    /// <summary>Bytes of all files.</summary>
    public long Bytes => files.Sum(file => file.Mapping.Length);

    /// <summary>A module's weight, or a tensor of exactly that name, is there.</summary>
    public bool Has(string module) => layouts.Holds(module);

    /// <summary>
    /// The weight of a module ("model.norm"), in whatever layout it is stored, or the tensor of exactly that name; null where there is neither.
    /// </summary>
    /// <exception cref="ModelFileException">It is of a type that weights cannot have, or parts of a quantized weight are missing or do not fit.</exception>
    public ModelTensor? Matrix(string module)
    {
        if (layouts.Find(module) is { } quantized)
        {
            asked.Add(quantized.Name);
            asked.UnionWith(QuantizedLayouts.CompanionsOf(module));
            lock (converted) converted.Add(quantized);
            return quantized;
        }

        foreach (var name in (string[])[$"{module}.weight", module])
        {
            if (!tensors.TryGetValue(name, out var found)) continue;
            asked.Add(name);
            return new Plain(found.File, found.Tensor) { Name = name, File = found.File.Path, Offset = found.Tensor.Offset, Shape = found.Tensor.Shape };
        }

        return null;
    }

    public void Dispose()
    {
        foreach (var tensor in converted) tensor.Dispose();
        converted.Clear();
        foreach (var file in files) file.Dispose();
        files.Clear();
    }

    /// <summary>The one file of a folder without an index.</summary>
    string Single()
    {
        var whole = System.IO.Path.Combine(Path, Whole);
        if (File.Exists(whole)) return whole;
        var others = Directory.GetFiles(Path, "*.safetensors");
        return others.Length == 1 ? others[0] : throw new ModelFileException(Path, Whole, null, "is missing, and so is its index: the folder has no weights that this build reads (safetensors)");
    }

    void OpenShards()
    {
        var index = System.IO.Path.Combine(Path, Index);
        if (!FolderJson.Read(index, MostIndexBytes).TryGetProperty("weight_map", out var map) || map.ValueKind != JsonValueKind.Object)
            throw new ModelFileException(index, "weight_map", null, "is missing, or no object");
        var opened = new Dictionary<string, SafetensorsFile>(StringComparer.Ordinal);
        foreach (var entry in map.EnumerateObject())
        {
            var shard = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString()! : "";
            if (!opened.TryGetValue(shard, out var file)) opened[shard] = file = OpenShard(index, entry.Name, shard);
            if (file.Tensor(entry.Name) is null) throw new ModelFileException(index, entry.Name, null, $"is not in {shard}, where the index has it");
        }
    }

    /// <summary>A shard lies beside its index: a name that leads elsewhere is refused.</summary>
    SafetensorsFile OpenShard(string index, string tensor, string shard)
    {
        if (shard.Length == 0 || shard is "." or ".." || shard.AsSpan().IndexOfAny("/\\:\0") >= 0)
            throw new ModelFileException(index, tensor, null, $"lies in '{Printable(shard)}', which is no file of this folder");
        var path = System.IO.Path.Combine(Path, shard);
        if (!File.Exists(path)) throw new ModelFileException(index, tensor, null, $"lies in {shard}, which is missing: download it again");
        var file = SafetensorsFile.Open(path);
        Add(file);
        return file;
    }

    void Add(SafetensorsFile file)
    {
        files.Add(file);
        foreach (var tensor in file.Tensors)
            if (!tensors.TryAdd(tensor.Name, (file, tensor)))
                throw new ModelFileException(file.Path, $"tensor {tensor.Name}", tensor.Offset, $"is in {tensors[tensor.Name].File.Path} too");
    }

    static string Printable(string name) => string.Concat(name.Take(80).Select(c => char.IsControl(c) ? '?' : c));

    /// <summary>A tensor of floats: a view of the file.</summary>
    sealed class Plain(SafetensorsFile file, SafetensorsTensor tensor) : ModelTensor
    {
        public override TensorType Type => tensor.Type.Weights() ?? throw Error($"is stored as {tensor.Type}, which is no weight by itself");

        public override Weight Open()
        {
            if (Rows > int.MaxValue || Columns > int.MaxValue) throw Error($"[{Rows}, {Columns}] is more than 2^31 - 1 rows or columns");
            return file.Mapping.Weight(Type, (int)Rows, (int)Columns, tensor.Offset);
        }

        public override void Release() => file.Mapping.Release(tensor.Offset, tensor.Bytes);

        public override void ReleaseRows(long first, long count)
        {
            var rowBytes = Columns * tensor.Type.Bytes();
            file.Mapping.Release(checked(tensor.Offset + (first * rowBytes)), checked(count * rowBytes));
        }
    }
}
