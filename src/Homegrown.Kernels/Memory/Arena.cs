namespace Homegrown.Kernels.Memory;

/// <summary>
/// Memory for one step's activations: taken by moving a pointer, given back all at once. It grows in chunks, never moves what it
/// gave out, and after a reset keeps one chunk as large as all of them, so that a steady state allocates nothing.
/// </summary>
public sealed unsafe class Arena : IDisposable
{
    const long FirstChunk = 1 << 20;   // bytes
    const int Alignment = 64;          // a cache line, and a 512-bit vector

    readonly List<NativeBuffer> chunks = [];
    long used;

    internal float* Floats(long count) => (float*)Take(checked(count * sizeof(float)));

    internal byte* Take(long bytes)
    {
        bytes = (bytes + Alignment - 1) & -Alignment;
        if (chunks.Count == 0 || used + bytes > chunks[^1].Bytes)
        {
            chunks.Add(new NativeBuffer(Math.Max(Math.Max(bytes, FirstChunk), chunks.Count == 0 ? 0 : chunks[^1].Bytes * 2)));
            used = 0;
        }

        var data = chunks[^1].Data + used;
        used += bytes;
        return data;
    }

    /// <summary>Bytes held.</summary>
    public long Bytes
    {
        get
        {
            var total = 0L;
            foreach (var chunk in chunks) total += chunk.Bytes;
            return total;
        }
    }

    internal void Reset()
    {
        used = 0;
        if (chunks.Count <= 1) return;
        var total = Bytes;
        foreach (var chunk in chunks) chunk.Dispose();
        chunks.Clear();
        chunks.Add(new NativeBuffer(total));
    }

    public void Dispose()
    {
        foreach (var chunk in chunks) chunk.Dispose();
        chunks.Clear();
    }
}
