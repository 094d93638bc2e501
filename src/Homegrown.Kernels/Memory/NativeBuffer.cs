using System.Runtime.InteropServices;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Memory;

/// <summary>Zeroed native memory, aligned to a cache line: outside the garbage collector, so its address never moves.</summary>
public sealed unsafe class NativeBuffer : IDisposable
{
    const int Alignment = 64;
    void* allocation;

    /// <remarks>The system hands out large zeroed stretches page by page as they are touched: room that is never used costs nothing.</remarks>
    public NativeBuffer(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        Bytes = bytes;
        allocation = NativeMemory.AllocZeroed(checked((nuint)bytes + Alignment));
        Data = (byte*)(((nuint)allocation + Alignment - 1) & ~(nuint)(Alignment - 1));
        GC.AddMemoryPressure(Math.Max(bytes, 1));
    }

    ~NativeBuffer() => Free();

    public long Bytes { get; }

    internal byte* Data { get; private set; }

    /// <summary>The bytes at <paramref name="offset"/>.</summary>
    public Span<byte> Span(long offset, int length)
    {
        ObjectDisposedException.ThrowIf(Data == null, this);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + (uint)length, Bytes, nameof(length));
        return new(Data + offset, length);
    }

    /// <summary>A matrix stored at <paramref name="offset"/> of this buffer, which must outlive it.</summary>
    public Weight Weight(TensorType type, int rows, int columns, long offset = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(
            checked(offset + (QuantFormats.RowBytes(type, columns) * rows)), Bytes, nameof(rows));
        return new(type, rows, columns, Data + offset);
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    void Free()
    {
        if (allocation == null) return;
        NativeMemory.Free(allocation);
        allocation = null;
        Data = null;
        GC.RemoveMemoryPressure(Math.Max(Bytes, 1));
    }
}
