namespace Homegrown.Kernels.Memory;

/// <summary>
/// Memory for one step's activations: taken by moving a pointer, given back all at once, or down to a mark. It grows in chunks
/// and never moves what it gave out; a reset leaves one chunk that holds the most that was ever in use, so that a steady state
/// allocates nothing.
/// </summary>
public sealed unsafe class Arena : IDisposable
{
    const long FirstChunk = 1 << 20;   // bytes
    const int Alignment = 64;          // a cache line, and a 512-bit vector

    readonly List<NativeBuffer> chunks = [];
    Position position;
    long peak;   // bytes in use at once, the unused ends of full chunks not counted

    /// <summary>How far the arena is used: where the next piece comes from, and the bytes in use in the chunks before.</summary>
    internal readonly record struct Position(int Chunk, long Used, long Before);

    /// <summary>A mark to go back to with <see cref="Release"/>.</summary>
    internal Position Mark => position;

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

    internal float* Floats(long count) => (float*)Take(checked(count * sizeof(float)));

    /// <summary>Memory of undefined content, aligned to a cache line.</summary>
    internal byte* Take(long bytes)
    {
        bytes = checked(bytes + Alignment - 1) & -Alignment;
        var (chunk, used, before) = position;
        while (chunk < chunks.Count && bytes > chunks[chunk].Bytes - used) (chunk, used, before) = (chunk + 1, 0, before + used);
        if (chunk == chunks.Count) chunks.Add(new NativeBuffer(Math.Max(Math.Max(bytes, FirstChunk), chunk == 0 ? 0 : chunks[^1].Bytes * 2)));
        position = new(chunk, used + bytes, before);
        peak = Math.Max(peak, before + used + bytes);
        return chunks[chunk].Data + used;
    }

    /// <summary>Gives back what was taken since <paramref name="mark"/>.</summary>
    internal void Release(Position mark) => position = mark;

    internal void Reset()
    {
        position = default;
        if (chunks.Count <= 1) return;
        Dispose();
        chunks.Add(new NativeBuffer(peak));
    }

    public void Dispose()
    {
        foreach (var chunk in chunks) chunk.Dispose();
        chunks.Clear();
        position = default;
    }
}
