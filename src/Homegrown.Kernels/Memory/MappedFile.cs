using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Memory;

/// <summary>
/// A file mapped read-only into memory: opening costs nothing, pages come as they are read and may be dropped by the system.
/// Views of it are valid until it is disposed.
/// </summary>
public sealed unsafe partial class MappedFile : IDisposable
{
    readonly MemoryMappedFile? file;
    readonly MemoryMappedViewAccessor? view;
    byte* data;

    /// <exception cref="IOException">The file cannot be opened or mapped.</exception>
    public MappedFile(string path)
    {
        Path = path;
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        Length = stream.Length;
        if (Length == 0) return;
        file = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        view = file.CreateViewAccessor(0, Length, MemoryMappedFileAccess.Read);
        byte* pointer = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
        data = pointer + view.PointerOffset;
    }

    public string Path { get; }

    /// <summary>Bytes.</summary>
    public long Length { get; }

    /// <summary>The bytes from <paramref name="offset"/> on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not inside the file.</exception>
    public ReadOnlySpan<byte> Span(long offset, int length)
    {
        Check(offset, length);
        return new(data + offset, length);
    }

    /// <summary>A matrix stored at <paramref name="offset"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not inside the file.</exception>
    public Weight Weight(TensorType type, int rows, int columns, long offset)
    {
        Check(offset, checked(QuantFormats.RowBytes(type, columns) * rows));
        return new(type, rows, columns, data + offset);
    }

    /// <summary>
    /// Tells the system that these bytes are not needed soon: whole pages of them leave the process' memory, and come back if they
    /// are read again.
    /// </summary>
    public void Release(long offset, long length)
    {
        Check(offset, length);
        if (!OperatingSystem.IsLinux()) return;
        const int DoNotNeed = 4;
        var page = (nuint)Environment.SystemPageSize;
        var (first, end) = (((nuint)(data + offset) + page - 1) / page * page, (nuint)(data + offset + length) / page * page);
        if (end > first) _ = Advise((void*)first, end - first, DoNotNeed);   // advice: nothing depends on it
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint bytes, int advice);

    void Check(long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length - offset);
        ObjectDisposedException.ThrowIf(data == null && Length > 0, this);
    }

    public void Dispose()
    {
        if (data == null) return;
        data = null;
        view!.SafeMemoryMappedViewHandle.ReleasePointer();
        view.Dispose();
        file!.Dispose();
    }
}
