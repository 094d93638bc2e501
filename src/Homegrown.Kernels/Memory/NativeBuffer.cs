using System.Runtime.InteropServices;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Memory;

/// <summary>Zeroed native memory, aligned to a cache line: outside the garbage collector, so its address never moves.</summary>
public sealed unsafe partial class NativeBuffer : IDisposable
{
    const int Alignment = 64;

    /// <summary>Of a large page on x64 and Arm.</summary>
    const int LargePage = 2 << 20;

    void* allocation;

    /// <remarks>The system hands out large zeroed stretches page by page as they are touched: room that is never used costs nothing.</remarks>
    /// <param name="largePages">
    /// Asks the system for pages of 2 MB: memory that is read from end to end again and again then costs no look-ups of addresses.
    /// </param>
    public NativeBuffer(long bytes, bool largePages = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        Bytes = bytes;
        var alignment = largePages ? LargePage : Alignment;
        allocation = NativeMemory.AllocZeroed(checked((nuint)bytes + (nuint)alignment));
        Data = (byte*)(((nuint)allocation + (nuint)alignment - 1) & ~(nuint)(alignment - 1));
        if (largePages && OperatingSystem.IsLinux()) _ = Advise(Data, (nuint)bytes, 14 /* huge pages */);   // advice: nothing depends on it
        GC.AddMemoryPressure(Math.Max(bytes, 1));
    }

    ~NativeBuffer() => Free();

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint bytes, int advice);

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
