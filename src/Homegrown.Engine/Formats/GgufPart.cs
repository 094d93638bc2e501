using System.Numerics;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Quant;

namespace Homegrown.Engine.Formats;

/// <summary>
/// One GGUF file, checked from front to back: header, metadata, directory of tensors. Layout (ggml, docs/gguf.md): "GGUF", u32
/// version, u64 tensors, u64 keys; per key its name, u32 type and value; per tensor its name, u32 dimensions, u64 sizes, u32 type,
/// u64 offset into the data, which begins at the next multiple of general.alignment. All little-endian.
/// </summary>
sealed class GgufPart : IDisposable
{
    const uint Magic = 0x46554747;   // "GGUF"
    const int MinKeyBytes = 14;      // a name of one byte, type, value of one byte
    const int MinTensorBytes = 25;   // a name of one byte, no dimensions, type, offset
    const int MaxKeyBytes = 65535;   // the format's own limit
    const int MaxNameBytes = 255;    // the format says 64; image models in use have longer ones
    const int MaxDimensions = 4;
    const string Damaged = "it is truncated or damaged, fetch it again";
    const string AlignmentKey = "general.alignment";
    const uint DefaultAlignment = 32;

    readonly GgufCursor cursor;

    GgufPart(MappedFile file)
    {
        (File, cursor) = (file, new GgufCursor(file));
        Metadata = new GgufMetadata(file.Path);
        Version = ReadVersion();
        var tensors = cursor.Count("tensor_count", MinTensorBytes);
        var keys = cursor.Count("metadata_kv_count", MinKeyBytes);
        for (var i = 0L; i < keys; i++) ReadKey(i);
        var alignment = ReadAlignment();
        for (var i = 0L; i < tensors; i++) ReadTensor(i);
        PlaceTensors((cursor.Position + alignment - 1) & -alignment, alignment);
    }

    /// <exception cref="IOException">The file cannot be opened.</exception>
    /// <exception cref="ModelFileException">The file is not what it says.</exception>
    internal static GgufPart Open(string path)
    {
        if (Directory.Exists(path)) throw new IOException($"{path}: is a folder, not a GGUF file");
        MappedFile file;
        try
        {
            file = new MappedFile(path);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new FileNotFoundException($"{path}: there is no such file", path, error);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new IOException($"{path}: no permission to read it", error);
        }

        try
        {
            return new GgufPart(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    internal MappedFile File { get; }

    internal int Version { get; }

    internal GgufMetadata Metadata { get; }

    internal OrderedDictionary<string, GgufTensor> Tensors { get; } = new(StringComparer.Ordinal);

    int ReadVersion()
    {
        if (File.Length < 4 || cursor.Read<uint>("magic") != Magic) throw cursor.Error("magic", 0, "not a GGUF file: it does not begin with \"GGUF\"");
        var version = cursor.Read<uint>("version");
        if (version is 2 or 3) return (int)version;
        throw cursor.Error("version", 4, (version & 0xFFFF) == 0
            ? "a big-endian file; convert it to little-endian"
            : $"version {version} is not supported, 2 and 3 are; convert the model again");
    }

    void ReadKey(long i)
    {
        var offset = cursor.Position;
        var key = cursor.Name($"metadata key {i}", MaxKeyBytes);
        var value = cursor.Value(key, cursor.Type(key));
        if (!Metadata.TryAdd(value)) throw cursor.Error(key, offset, "the key is there twice");
    }

    long ReadAlignment()
    {
        if (!Metadata.TryGet(AlignmentKey, out var value)) return DefaultAlignment;
        var alignment = value.AsUInt64();
        return alignment <= uint.MaxValue && BitOperations.IsPow2(alignment)
            ? (long)alignment
            : throw cursor.Error(AlignmentKey, value.Offset, $"{alignment} is not a power of two of 32 bits");
    }

    void ReadTensor(long i)
    {
        var offset = cursor.Position;
        var name = cursor.Name($"tensor name {i}", MaxNameBytes);
        var field = $"tensor {name}";
        var (dimensions, count) = ReadDimensions(field);
        var typeOffset = cursor.Position;
        var typeId = cursor.Read<uint>(field);
        var type = (TensorType)(int)Math.Min(typeId, int.MaxValue);
        if (!QuantFormats.IsKnown(type)) throw cursor.Error(field, typeOffset, $"unknown tensor type {typeId}");
        var columns = dimensions.Length == 0 ? 1 : dimensions[0];
        var blockSize = QuantFormats.BlockSize(type);
        if (columns % blockSize != 0) throw cursor.Error(field, typeOffset, $"rows of {columns} values are not whole blocks of {blockSize} ({type})");
        var bytes = (Int128)count / blockSize * QuantFormats.BlockBytes(type);
        if (bytes > File.Length) throw cursor.Error(field, typeOffset, $"{bytes} bytes do not fit into a file of {File.Length}; {Damaged}");
        var offsetOffset = cursor.Position;
        var dataOffset = cursor.Read<ulong>(field);
        if (dataOffset > (ulong)File.Length)
            throw cursor.Error(field, offsetOffset, $"data offset {dataOffset} is past the end of the file, {File.Length}; {Damaged}");
        var tensor = new GgufTensor
        {
            Name = name,
            Dimensions = dimensions,
            Type = type,
            Offset = (long)dataOffset,
            Bytes = (long)bytes,
        };
        if (!Tensors.TryAdd(name, tensor)) throw cursor.Error(field, offset, "the tensor is there twice");
    }

    (long[] Dimensions, long Count) ReadDimensions(string field)
    {
        var offset = cursor.Position;
        var dimensions = cursor.Read<uint>(field);
        if (dimensions > MaxDimensions) throw cursor.Error(field, offset, $"{dimensions} dimensions; there are at most {MaxDimensions}");
        var sizes = new long[dimensions];
        var count = 1L;
        for (var d = 0; d < sizes.Length; d++)
        {
            var size = cursor.Read<ulong>(field);
            if (size == 0) throw cursor.Error(field, cursor.Position - 8, $"dimension {d} is 0");
            if (size > (ulong)(long.MaxValue / count)) throw cursor.Error(field, cursor.Position - 8, $"dimension {d}, {size}, makes more than 2^63 values");
            sizes[d] = (long)size;
            count *= sizes[d];
        }

        return (sizes, count);
    }

    /// <summary>Turns offsets into the data section to offsets into the file, and checks that the tensors lie apart and inside.</summary>
    void PlaceTensors(long data, long alignment)
    {
        for (var i = 0; i < Tensors.Count; i++)
        {
            var tensor = Tensors.GetAt(i).Value;
            var offset = data + tensor.Offset;
            if (tensor.Offset % alignment != 0)
                throw cursor.Error($"tensor {tensor.Name}", offset, $"data offset {tensor.Offset} is not a multiple of the alignment, {alignment}");
            if (offset > File.Length - tensor.Bytes)
                throw cursor.Error($"tensor {tensor.Name}", offset, $"{tensor.Bytes} bytes end past the end of the file, {File.Length}; {Damaged}");
            Tensors.SetAt(i, tensor with { Offset = offset });
        }

        GgufTensor? before = null;
        foreach (var tensor in Tensors.Values.OrderBy(tensor => tensor.Offset))
        {
            if (before is not null && tensor.Offset < before.Offset + before.Bytes)
                throw cursor.Error($"tensor {tensor.Name}", tensor.Offset, $"it overlaps tensor {before.Name}, which ends at {before.Offset + before.Bytes}");
            before = tensor;
        }
    }

    public void Dispose() => File.Dispose();
}
