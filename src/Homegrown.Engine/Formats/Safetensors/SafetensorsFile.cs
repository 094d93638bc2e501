using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Homegrown.Kernels.Memory;

namespace Homegrown.Engine.Formats.Safetensors;

/// <summary>
/// A safetensors file, memory-mapped: eight bytes of header length, a JSON header that gives each tensor's type, shape and place, then the
/// bytes. Opening reads and checks the header only. Views are valid until it is disposed. Safe for many threads.
/// </summary>
/// <remarks>
/// The format's rules (github.com/huggingface/safetensors, README, 2024): little-endian, row-major, offsets from the end of the header, no
/// holes and no overlaps, a header of at most 100 MB that may be padded with spaces.
/// </remarks>
public sealed class SafetensorsFile : IDisposable
{
    const long MostHeaderBytes = 100_000_000;
    const int LengthBytes = 8, MostDimensions = 16;

    static readonly JsonReaderOptions Options = new() { MaxDepth = 8 };

    readonly MappedFile file;
    readonly OrderedDictionary<string, SafetensorsTensor> tensors = new(StringComparer.Ordinal);

    SafetensorsFile(string path)
    {
        file = new MappedFile(path);
        try
        {
            Read();
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Opens a file.</summary>
    /// <exception cref="IOException">It is missing or not readable.</exception>
    /// <exception cref="ModelFileException">It is not what it says.</exception>
    public static SafetensorsFile Open(string path) => new(path);

    public string Path => file.Path;

    /// <summary>In the header's order.</summary>
    public IReadOnlyList<SafetensorsTensor> Tensors => tensors.Values;

    public SafetensorsTensor? Tensor(string name) => tensors.GetValueOrDefault(name);

    /// <summary>The mapping, for views of matrices.</summary>
    internal MappedFile Mapping => file;

    /// <summary>Bytes of a tensor from <paramref name="first"/> on.</summary>
    public ReadOnlySpan<byte> Bytes(SafetensorsTensor tensor, long first, int count)
    {
        if (first < 0 || count < 0 || first > tensor.Bytes - count) throw new ArgumentOutOfRangeException(nameof(first), first, $"{tensor.Name} has {tensor.Bytes} bytes.");
        return file.Span(checked(tensor.Offset + first), count);
    }

    public void Dispose() => file.Dispose();

    void Read()
    {
        if (file.Length < LengthBytes) throw Error("header length", 0, $"the file has {file.Length} bytes: this is no safetensors file");
        var length = BinaryPrimitives.ReadUInt64LittleEndian(file.Span(0, LengthBytes));
        if (length > MostHeaderBytes) throw Error("header length", 0, $"{length} bytes; the format allows {MostHeaderBytes}: this is no safetensors file");
        if ((long)length > file.Length - LengthBytes) throw Error("header length", 0, $"{length} bytes, the file has {file.Length - LengthBytes} after it: it is cut off");
        var header = file.Span(LengthBytes, (int)length);
        try
        {
            ReadHeader(header, LengthBytes + (long)length);
        }
        catch (JsonException error)
        {
            throw Error("header", LengthBytes + (error.BytePositionInLine ?? 0), $"is no JSON: {error.Message.Split(" LineNumber")[0]}");
        }
        catch (InvalidOperationException)
        {
            throw Error("header", LengthBytes, "has text that is no UTF-8");
        }
    }

    void ReadHeader(ReadOnlySpan<byte> header, long data)
    {
        var json = new Utf8JsonReader(header, Options);
        if (!json.Read() || json.TokenType != JsonTokenType.StartObject) throw Error("header", LengthBytes, "is no JSON object");
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var (name, at) = (json.GetString()!, LengthBytes + json.TokenStartIndex);
            json.Read();
            if (name == "__metadata__") json.Skip();
            else if (!tensors.TryAdd(name, ReadTensor(ref json, name, at, data))) throw Error($"tensor {name}", at, "is there twice");
        }

        while (json.Read())
        {
        }

        CheckPlaces(data);
    }

    SafetensorsTensor ReadTensor(ref Utf8JsonReader json, string name, long at, long data)
    {
        if (json.TokenType != JsonTokenType.StartObject) throw Error($"tensor {name}", at, "is described by no object");
        var (type, shape, places) = (default(string), default(List<long>), default(List<long>));
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var property = json.GetString();
            json.Read();
            switch (property)
            {
                case "dtype" when json.TokenType == JsonTokenType.String: type = json.GetString(); break;
                case "shape": shape = Numbers(ref json, name, "shape", at); break;
                case "data_offsets": places = Numbers(ref json, name, "data_offsets", at); break;
                default: json.Skip(); break;
            }
        }

        if (!Enum.TryParse<SafetensorsType>(type, ignoreCase: false, out var parsed) || char.IsAsciiDigit(type[0]))
            throw Error($"tensor {name}", at, type is null ? "has no dtype" : $"dtype '{type}' is not supported ({string.Join(", ", Enum.GetNames<SafetensorsType>())} are)");
        if (shape is null) throw Error($"tensor {name}", at, "has no shape");
        if (places is not [var first, var end]) throw Error($"tensor {name}", at, "has no data_offsets [first, end]");
        if (first > end || end > file.Length - data) throw Error($"tensor {name}", at, $"data_offsets [{first}, {end}] lie outside of the {file.Length - data} bytes of data");
        if (ByteCount(shape, parsed) is var bytes && bytes != end - first)
            throw Error($"tensor {name}", at, $"{type} of shape [{string.Join(", ", shape)}] takes {(bytes is { } count ? $"{count}" : "more than 2^63")} bytes, data_offsets give {end - first}");
        return new(name, parsed, shape, data + first, end - first);
    }

    List<long> Numbers(ref Utf8JsonReader json, string tensor, string property, long at)
    {
        var numbers = new List<long>();
        if (json.TokenType != JsonTokenType.StartArray) throw Error($"tensor {tensor}", at, $"{property} is no array");
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (json.TokenType != JsonTokenType.Number || !json.TryGetInt64(out var number) || number < 0) throw Error($"tensor {tensor}", at, $"{property} has something else than counts");
            if (numbers.Count == MostDimensions) throw Error($"tensor {tensor}", at, $"{property} has more than {MostDimensions} numbers");
            numbers.Add(number);
        }

        return numbers;
    }

    /// <summary>Null where it is beyond 64 bits.</summary>
    static long? ByteCount(List<long> shape, SafetensorsType type)
    {
        var product = (Int128)type.Bytes();
        foreach (var size in shape)
            if ((product *= size) > long.MaxValue) return shape.Contains(0) ? 0 : null;
        return (long)product;
    }

    /// <summary>No byte belongs to two tensors or to none.</summary>
    void CheckPlaces(long data)
    {
        var end = data;
        foreach (var tensor in tensors.Values.OrderBy(tensor => tensor.Offset).ThenBy(tensor => tensor.Bytes))
        {
            if (tensor.Offset < end) throw Error($"tensor {tensor.Name}", tensor.Offset, $"overlaps the one before it, which ends at {end}");
            if (tensor.Offset > end) throw Error($"tensor {tensor.Name}", tensor.Offset, $"leaves a hole: the one before it ends at {end}");
            end = tensor.Offset + tensor.Bytes;
        }

        if (end != file.Length) throw Error("data", end, $"{file.Length - end} bytes after the last tensor belong to none");
    }

    ModelFileException Error(string field, long offset, string problem) => new(file.Path, field, offset, problem);
}
