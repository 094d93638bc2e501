using System.ComponentModel;
using System.Runtime.InteropServices;
using Iced.Intel;

namespace Homegrown.Kernels.Emit;

/// <summary>Machine code assembled at run time, in pages of its own that are first written, then executed, never both at once.</summary>
sealed unsafe partial class CodePage : IDisposable
{
    const int PageBytes = 4096;
    readonly nuint bytes;

    /// <exception cref="Win32Exception">The system refuses memory that is executed.</exception>
    internal CodePage(Assembler assembler)
        : this(Assemble(assembler))
    {
    }

    /// <param name="code">Position-independent.</param>
    /// <exception cref="Win32Exception">The system refuses memory that is executed.</exception>
    internal CodePage(byte[] code)
    {
        Code = code;
        bytes = (nuint)((Code.Length + PageBytes - 1) / PageBytes * PageBytes);
        Address = OperatingSystem.IsWindows() ? VirtualAlloc(null, bytes, 0x3000 /* commit, reserve */, 0x04 /* read, write */) : Map();
        if (Address == null) throw Error("allocate");
        Code.CopyTo(new Span<byte>(Address, Code.Length));
        var done = OperatingSystem.IsWindows()
            ? VirtualProtect(Address, bytes, 0x20 /* execute, read */, out _)
            : Protect(Address, bytes, 5 /* read, execute */) == 0;
        if (done) return;
        var error = Error("make executable");
        Dispose();
        throw error;
    }

    /// <summary>The assembled bytes, for tests.</summary>
    internal byte[] Code { get; }

    /// <summary>Of the first instruction.</summary>
    internal void* Address { get; private set; }

    static byte[] Assemble(Assembler assembler)
    {
        using var stream = new MemoryStream();
        assembler.Assemble(new StreamCodeWriter(stream), 0);   // kernels are position-independent
        return stream.ToArray();
    }

    void* Map()
    {
        const int ReadWrite = 3, Private = 2;
        var anonymous = OperatingSystem.IsMacOS() ? 0x1000 : 0x20;
        var address = Map(null, bytes, ReadWrite, Private | anonymous, -1, 0);
        return address == (void*)-1 ? null : address;
    }

    Win32Exception Error(string action)
    {
        var inner = new Win32Exception(Marshal.GetLastPInvokeError());
        return new(inner.NativeErrorCode, $"The system does not let this program {action} {bytes} bytes of machine code ({inner.Message}); the tier Portable needs none.");
    }

    public void Dispose()
    {
        if (Address == null) return;
        if (OperatingSystem.IsWindows()) VirtualFree(Address, 0, 0x8000 /* release */);
        else Unmap(Address, bytes);
        Address = null;
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial void* Map(void* address, nuint bytes, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int Protect(void* address, nuint bytes, int protection);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int Unmap(void* address, nuint bytes);

    [LibraryImport("kernel32", SetLastError = true)]
    private static partial void* VirtualAlloc(void* address, nuint bytes, uint type, uint protection);

    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool VirtualProtect(void* address, nuint bytes, uint protection, out uint before);

    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool VirtualFree(void* address, nuint bytes, uint type);
}
