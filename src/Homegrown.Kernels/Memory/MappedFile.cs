using System.IO.MemoryMappedFiles;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Memory;

/// <summary>
/// A file mapped read-only into memory: opening costs nothing, pages come as they are read and may be dropped by the system.
/// Views of it are valid until it is disposed.
/// </summary>
public sealed unsafe class MappedFile : IDisposable
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
