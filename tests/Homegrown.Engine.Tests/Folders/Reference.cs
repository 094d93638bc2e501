using System.Runtime.InteropServices;
using System.Text.Json;

namespace Homegrown.Engine.Tests.Folders;

/// <summary>reference.safetensors of a fixture: what the other program computed, read in the plainest way.</summary>
sealed class Reference : IDisposable
{
    readonly byte[] bytes;
    readonly JsonElement directory;
    readonly int start;

    Reference(string file)
    {
        bytes = File.ReadAllBytes(file);
        start = 8 + (int)BitConverter.ToInt64(bytes, 0);
        using var header = JsonDocument.Parse(bytes.AsMemory(8, start - 8));
        directory = header.RootElement.Clone();
    }

    public static Reference Open(string folder) => new(Path.Combine(folder, "reference.safetensors"));

    public IEnumerable<string> Names => directory.EnumerateObject().Select(tensor => tensor.Name).Where(name => name != "__metadata__");

    public float[] Floats(string name) => MemoryMarshal.Cast<byte, float>(Bytes(name)).ToArray();

    public int[] Integers(string name) => MemoryMarshal.Cast<byte, int>(Bytes(name)).ToArray();

    public void Dispose()
    {
    }

    ReadOnlySpan<byte> Bytes(string name)
    {
        var range = directory.GetProperty(name).GetProperty("data_offsets");
        var (first, end) = (range[0].GetInt32(), range[1].GetInt32());
        return bytes.AsSpan(start + first, end - first);
    }
}
