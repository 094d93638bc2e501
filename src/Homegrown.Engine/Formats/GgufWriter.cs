using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using Homegrown.Kernels.Quant;

namespace Homegrown.Engine.Formats;

/// <summary>
/// Writes a GGUF v3 file: first <see cref="Add(string, object)"/> and <see cref="AddTensor"/> everything, then
/// <see cref="WriteData"/> the tensors' bytes in the order in which they were added, then <see cref="Finish"/>. Only metadata and
/// directory are held in memory.
/// </summary>
public sealed class GgufWriter
{
    const int DefaultAlignment = 32;

    readonly Stream stream;
    readonly int alignment;
    readonly ArrayBufferWriter<byte> metadata = new(), directory = new();
    readonly List<long> sizes = [];   // of the tensors, bytes
    ulong keys;
    long dataBytes;                   // of the tensors added so far, padded
    int current = -1;                 // the tensor being written; -1 before the header is
    long left;                        // its bytes that are to come

    /// <param name="alignment">Of the tensors' data, a power of two.</param>
    public GgufWriter(Stream stream, int alignment = DefaultAlignment)
    {
        if (!BitOperations.IsPow2(alignment)) throw new ArgumentException($"{alignment} is not a power of two.", nameof(alignment));
        (this.stream, this.alignment) = (stream, alignment);
        if (alignment != DefaultAlignment) Add("general.alignment", (uint)alignment);
    }

    /// <summary>Adds a key with a number, bool or string, or an array of them (or of arrays): the CLR type decides the file's.</summary>
    public void Add(string key, object value)
    {
        AddKey(key, TypeOf(value.GetType()));
        WriteValue(value);
    }

    /// <summary>Copies a value from another file as it is.</summary>
    public void Add(GgufValue value)
    {
        AddKey(value.Name, value.Type);
        metadata.Write(value.Raw);
    }

    /// <summary>Adds a tensor to the directory, <paramref name="dimensions"/> innermost first.</summary>
    public void AddTensor(string name, TensorType type, params ReadOnlySpan<long> dimensions)
    {
        if (current >= 0) throw new InvalidOperationException("The directory is written already.");
        WriteString(directory, name);
        Write(directory, (uint)dimensions.Length);
        var bytes = QuantFormats.RowBytes(type, dimensions.IsEmpty ? 1 : dimensions[0]);
        for (var d = 0; d < dimensions.Length; d++)
        {
            Write(directory, (ulong)dimensions[d]);
            if (d > 0) bytes *= dimensions[d];
        }

        Write(directory, (uint)type);
        Write(directory, (ulong)dataBytes);
        sizes.Add(bytes);
        dataBytes += bytes + Padding(bytes);
    }

    /// <summary>Writes the next bytes of the tensors' data; one tensor may come in pieces.</summary>
    /// <exception cref="ArgumentException">More bytes than the tensor has left.</exception>
    public void WriteData(ReadOnlySpan<byte> bytes)
    {
        WriteHeader();
        if (bytes.Length > left) throw new ArgumentException($"{bytes.Length} bytes for tensor {current}, which has {left} left.", nameof(bytes));
        stream.Write(bytes);
        left -= bytes.Length;
        if (left == 0) NextTensor();
    }

    /// <summary>Ends the file; the stream stays open.</summary>
    /// <exception cref="InvalidOperationException">Data of a tensor has not come.</exception>
    public void Finish()
    {
        WriteHeader();
        if (current < sizes.Count) throw new InvalidOperationException($"Tensor {current} of {sizes.Count} lacks {left} bytes.");
        stream.Flush();
    }

    void WriteHeader()
    {
        if (current >= 0) return;
        var header = new ArrayBufferWriter<byte>();
        header.Write("GGUF"u8);
        Write(header, 3u);
        Write(header, (ulong)sizes.Count);
        Write(header, keys);
        foreach (var part in new[] { header, metadata, directory }) stream.Write(part.WrittenSpan);
        WriteZeros(Padding(header.WrittenCount + (long)metadata.WrittenCount + directory.WrittenCount));
        (current, left) = (0, sizes.FirstOrDefault());
    }

    void NextTensor()
    {
        if (current < sizes.Count) WriteZeros(Padding(sizes[current++]));
        left = current < sizes.Count ? sizes[current] : 0;
    }

    void AddKey(string key, GgufType type)
    {
        if (current >= 0) throw new InvalidOperationException("The metadata is written already.");
        keys++;
        WriteString(metadata, key);
        Write(metadata, (uint)type);
    }

    void WriteValue(object value)
    {
        switch (value)
        {
            case string text:
                WriteString(metadata, text);
                break;
            case Array array:
                var elementType = array.GetType().GetElementType()!;
                Write(metadata, (uint)TypeOf(elementType));
                Write(metadata, (ulong)array.LongLength);
                if (elementType.IsPrimitive) metadata.Write(Bytes(array));
                else foreach (var element in array) WriteValue(element);
                break;
            default:
                var one = Array.CreateInstance(value.GetType(), 1);
                one.SetValue(value, 0);
                metadata.Write(Bytes(one));
                break;
        }
    }

    static GgufType TypeOf(Type type) => Type.GetTypeCode(type) switch
    {
        TypeCode.Byte => GgufType.UInt8,
        TypeCode.SByte => GgufType.Int8,
        TypeCode.UInt16 => GgufType.UInt16,
        TypeCode.Int16 => GgufType.Int16,
        TypeCode.UInt32 => GgufType.UInt32,
        TypeCode.Int32 => GgufType.Int32,
        TypeCode.UInt64 => GgufType.UInt64,
        TypeCode.Int64 => GgufType.Int64,
        TypeCode.Single => GgufType.Float32,
        TypeCode.Double => GgufType.Float64,
        TypeCode.Boolean => GgufType.Bool,
        TypeCode.String => GgufType.String,
        _ when type.IsArray => GgufType.Array,
        _ => throw new ArgumentException($"GGUF has no type for {type.Name}."),
    };

    static ReadOnlySpan<byte> Bytes(Array primitives)
        => MemoryMarshal.CreateReadOnlySpan(ref MemoryMarshal.GetArrayDataReference(primitives), Buffer.ByteLength(primitives));

    static void Write<T>(ArrayBufferWriter<byte> target, T number)
        where T : unmanaged
        => target.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in number)));

    static void WriteString(ArrayBufferWriter<byte> target, string text)
    {
        Write(target, (ulong)Encoding.UTF8.GetByteCount(text));
        Encoding.UTF8.GetBytes(text, target);
    }

    long Padding(long bytes) => -bytes & (alignment - 1);

    void WriteZeros(long count)
    {
        for (; count > 0; count--) stream.WriteByte(0);
    }
}
