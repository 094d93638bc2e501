using System.Runtime.InteropServices;

namespace Homegrown.Kernels.Tests.Emit.Emulator;

/// <summary>Code on a page of its own, written first and executable then. To be replaced by Homegrown.Kernels.Emit.CodePage.</summary>
sealed unsafe partial class NativePage : IDisposable
{
    const int Bytes = 1 << 16, Anonymous = 0x20, Private = 2, ReadWrite = 3, ReadExecute = 5;

    readonly void* page = Map(null, Bytes, ReadWrite, Private | Anonymous, -1, 0);

    public NativePage(ReadOnlySpan<byte> code)
    {
        if ((nint)page == -1) throw new InvalidOperationException("mmap gives no page");
        code.CopyTo(new(page, Bytes));
        if (Protect(page, Bytes, ReadExecute) != 0) throw new InvalidOperationException("mprotect makes no page executable");
    }

    public void Call(void* argument) => ((delegate* unmanaged<void*, void>)page)(argument);

    public void Dispose() => _ = Unmap(page, Bytes);

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial void* Map(void* address, nint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(void* address, nint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(void* address, nint length);
}
