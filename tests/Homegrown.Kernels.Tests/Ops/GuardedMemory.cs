using System.Runtime.InteropServices;

namespace Homegrown.Kernels.Tests.Ops;

/// <summary>
/// Floats that end where the process' memory ends: a read or write beyond them kills the test run, and bytes before them are watched.
/// Where pages cannot be protected (Windows), bytes after them are watched too.
/// </summary>
sealed unsafe partial class GuardedMemory : IDisposable
{
    const int Page = 1 << 16;   // a multiple of every page size in use
    const byte Canary = 0xA5;
    const int Anonymous = 0x20, AnonymousMac = 0x1000, Private = 2, ReadWrite = 3;

    readonly nint length;
    readonly byte* region;
    readonly byte* start;
    readonly byte* end;

    public GuardedMemory(int floats)
    {
        var bytes = (nint)floats * sizeof(float);
        length = (bytes + (3 * Page) - 1) / Page * Page;
        if (OperatingSystem.IsWindows())
        {
            region = (byte*)NativeMemory.Alloc((nuint)length);
        }
        else
        {
            region = (byte*)Map(null, length, ReadWrite, Private | (OperatingSystem.IsMacOS() ? AnonymousMac : Anonymous), -1, 0);
            if ((nint)region == -1 || Protect(region + length - Page, Page, 0) != 0) throw new InvalidOperationException("No guard page.");
        }

        end = region + length - Page;
        start = end - bytes;
        new Span<byte>(region, checked((int)(start - region))).Fill(Canary);
        if (OperatingSystem.IsWindows()) new Span<byte>(end, Page).Fill(Canary);
    }

    public float* Data => (float*)start;

    /// <summary>Fails when something wrote around the floats.</summary>
    public void Check()
    {
        Assert.False(new ReadOnlySpan<byte>(region, checked((int)(start - region))).ContainsAnyExcept(Canary), "written before the memory");
        if (OperatingSystem.IsWindows()) Assert.False(new ReadOnlySpan<byte>(end, Page).ContainsAnyExcept(Canary), "written after the memory");
    }

    public void Dispose()
    {
        if (OperatingSystem.IsWindows()) NativeMemory.Free(region);
        else _ = Unmap(region, length);
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial void* Map(void* address, nint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(void* address, nint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(void* address, nint length);
}
