using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace Homegrown.Engine.Tests.Formats.Safetensors;

/// <summary>A safetensors file put together tensor by tensor, in a folder of its own.</summary>
sealed class SafetensorsBytes : IDisposable
{
    readonly StringBuilder header = new();
    readonly MemoryStream data = new();

    internal string Folder { get; } = Directory.CreateTempSubdirectory("homegrown-safetensors-").FullName;

    internal string Path => System.IO.Path.Combine(Folder, "model.safetensors");

    internal SafetensorsBytes Add(string name, string type, long[] shape, byte[] bytes)
    {
        header.Append(header.Length == 0 ? "" : ",").Append(JsonSerializer.Serialize(name));
        header.Append($":{{\"dtype\":\"{type}\",\"shape\":[{string.Join(',', shape)}],\"data_offsets\":[{data.Length},{data.Length + bytes.Length}]}}");
        data.Write(bytes);
        return this;
    }

    internal SafetensorsBytes Words(string name, long[] shape, params int[] words) => Add(name, "I32", shape, [.. words.SelectMany(BitConverter.GetBytes)]);

    internal SafetensorsBytes Floats(string name, long[] shape, params float[] values) => Add(name, "F32", shape, [.. values.SelectMany(BitConverter.GetBytes)]);

    internal byte[] Bytes() => Whole($"{{{header}}}", data.ToArray());

    internal static byte[] Whole(string header, byte[] data)
    {
        var text = Encoding.UTF8.GetBytes(header);
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, text.Length);
        return [.. length, .. text, .. data];
    }

    internal SafetensorsBytes Write(string file = "model.safetensors")
    {
        File.WriteAllBytes(System.IO.Path.Combine(Folder, file), Bytes());
        return this;
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
