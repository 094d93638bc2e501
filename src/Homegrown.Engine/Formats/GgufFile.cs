using System.Text.RegularExpressions;
using Homegrown.Kernels;
using Homegrown.Kernels.Quant;

namespace Homegrown.Engine.Formats;

/// <summary>
/// A model in GGUF (v2 or v3, little-endian), memory-mapped: one file, or all parts of a split model
/// (<c>name-00001-of-0000N.gguf</c>). Opening reads and checks the directory only; values, weights and strings are read from the
/// mapping as they are asked for, and are valid until it is disposed. Safe for many threads.
/// </summary>
public sealed partial class GgufFile : IDisposable
{
    const string NumberKey = "split.no", CountKey = "split.count", TensorsKey = "split.tensors.count";

    readonly List<GgufPart> parts = [];
    readonly OrderedDictionary<string, GgufTensor> tensors = new(StringComparer.Ordinal);

    GgufFile(string path)
    {
        var opened = GgufPart.Open(path);
        try
        {
            if (opened.Metadata[CountKey] is { } count && count.AsInt32() > 1) AddParts(opened, count);
            else parts.Add(opened);
            foreach (var (i, part) in parts.Index()) AddTensors(i, part);
            if (Metadata[TensorsKey] is { } total && total.AsInt32() != tensors.Count)
                throw total.Error($"says {total.AsInt32()} tensors, the files have {tensors.Count}");
        }
        catch
        {
            opened.Dispose();
            Dispose();
            throw;
        }
    }

    /// <summary>Opens a file; any part of a split model opens all of them.</summary>
    /// <exception cref="IOException">The file is missing (<see cref="FileNotFoundException"/>), a folder, or not readable.</exception>
    /// <exception cref="ModelFileException">The file is not what it says, empty, or no GGUF file; or a part is missing or of another model.</exception>
    public static GgufFile Open(string path) => new(path);

    /// <summary>The file, or the parts of a split model in order.</summary>
    public IReadOnlyList<string> Paths => [.. parts.Select(part => part.File.Path)];

    /// <summary>Bytes of all files.</summary>
    public long Bytes => parts.Sum(part => part.File.Length);

    /// <summary>2 or 3.</summary>
    public int Version => parts[0].Version;

    /// <summary>The metadata; of a split model that of its first part, which has all.</summary>
    public GgufMetadata Metadata => parts[0].Metadata;

    /// <summary>The tensors of all parts, in the files' order.</summary>
    public IReadOnlyList<GgufTensor> Tensors => tensors.Values;

    /// <summary>The tensor of a name, or null.</summary>
    public GgufTensor? Tensor(string name) => tensors.GetValueOrDefault(name);

    /// <summary>A tensor as a matrix, [product of all further dimensions, first dimension]: a view, valid while the file is open.</summary>
    /// <exception cref="ModelFileException">The matrix has more than 2^31 - 1 rows or columns.</exception>
    public Weight Weight(GgufTensor tensor)
    {
        var part = parts[tensor.File];
        if (tensor.Rows > int.MaxValue || tensor.Columns > int.MaxValue)
        {
            throw new ModelFileException(
                part.File.Path, $"tensor {tensor.Name}", tensor.Offset, $"[{tensor.Rows}, {tensor.Columns}] is more than 2^31 - 1 rows or columns");
        }

        return part.File.Weight(tensor.Type, (int)tensor.Rows, (int)tensor.Columns, tensor.Offset);
    }

    /// <summary>The tensor's bytes are not needed soon: they leave the process' memory.</summary>
    public void Release(GgufTensor tensor) => Release(tensor, 0, tensor.Rows);

    /// <summary>Some of the tensor's rows are not needed soon.</summary>
    public void Release(GgufTensor tensor, long firstRow, long rows)
    {
        var rowBytes = QuantFormats.RowBytes(tensor.Type, tensor.Columns);
        parts[tensor.File].File.Release(checked(tensor.Offset + (firstRow * rowBytes)), checked(rows * rowBytes));
    }

    /// <summary>Unmaps the files: every view of them dies.</summary>
    public void Dispose()
    {
        foreach (var part in parts) part.Dispose();
    }

    /// <summary>Opens the parts that lie beside <paramref name="opened"/>, one of them.</summary>
    void AddParts(GgufPart opened, GgufValue count)
    {
        var (path, total) = (opened.File.Path, count.AsInt32());
        var name = PartName().Match(path);
        if (!name.Success || int.Parse(name.Groups["count"].Value) != total)
            throw count.Error($"says {total} parts, but the file's name does not end in -00001-of-{total:d5}.gguf; give it back its name");
        for (var i = 0; i < total; i++)
        {
            var partPath = $"{name.Groups["stem"].Value}-{i + 1:d5}-of-{total:d5}.gguf";
            parts.Add(partPath == path ? opened : OpenPart(partPath, count));
            CheckPart(parts[i], i, total);
        }
    }

    static GgufPart OpenPart(string path, GgufValue count)
    {
        try
        {
            return GgufPart.Open(path);
        }
        catch (FileNotFoundException)
        {
            throw count.Error($"says {count.AsInt32()} parts, but {path} is missing");
        }
    }

    static void CheckPart(GgufPart part, int i, int total)
    {
        var number = part.Metadata[NumberKey] ?? throw part.Metadata.Missing(NumberKey);
        var count = part.Metadata[CountKey] ?? throw part.Metadata.Missing(CountKey);
        if (number.AsInt32() != i) throw number.Error($"is {number.AsInt32()}, but by its name the part's is {i}");
        if (count.AsInt32() != total) throw count.Error($"is {count.AsInt32()}, but the first part opened has {total}");
    }

    void AddTensors(int i, GgufPart part)
    {
        foreach (var tensor in part.Tensors.Values)
            if (!tensors.TryAdd(tensor.Name, tensor with { File = i }))
                throw new ModelFileException(part.File.Path, $"tensor {tensor.Name}", tensor.Offset, $"it is in {Paths[tensors[tensor.Name].File]} too");
    }

    [GeneratedRegex(@"^(?<stem>.*)-(?<number>\d{5})-of-(?<count>\d{5})\.gguf$", RegexOptions.Singleline | RegexOptions.NonBacktracking)]
    private static partial Regex PartName();
}
