using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Homegrown.Kernels.Emit;

/// <summary>Instructions that .NET has no name for, asked of the processor (Intel SDM volume 2, CPUID leaf 7).</summary>
/// <remarks>
/// The runtime's word on AVX-512 says that the system saves the vectors; tiles ask the system themselves. Asked once: where a
/// hypervisor answers CPUID, it takes as long as a small product.
/// </remarks>
static unsafe partial class CpuFeatures
{
    /// <summary>VPDPBUSD and VPDPWSSD in 512 bits.</summary>
    internal static bool HasAvx512Vnni { get; } = Avx512BW.IsSupported && Bit(Leaf7(0).Ecx, 11);

    /// <summary>VDPBF16PS in 512 bits.</summary>
    internal static bool HasAvx512BrainFloats { get; } = Avx512BW.IsSupported && Leaf7(0).Eax >= 1 && Bit(Leaf7(1).Eax, 5);

    /// <summary>Tiles of 8-bit integers, and that this process may use them: the system gives the registers' memory on demand.</summary>
    internal static bool HasAmxInt8 { get; } = Bit(Leaf7(0).Edx, 24) && Bit(Leaf7(0).Edx, 25) && OperatingSystem.IsLinux() && RequestTiles();

    /// <summary>Tiles of bfloat16.</summary>
    internal static bool HasAmxBf16 { get; } = HasAmxInt8 && Bit(Leaf7(0).Edx, 22);

    static (int Eax, int Ebx, int Ecx, int Edx) Leaf7(int subleaf)
        => X86Base.IsSupported && X86Base.CpuId(0, 0).Eax >= 7 ? X86Base.CpuId(7, subleaf) : default;

    static bool Bit(int word, int bit) => ((word >> bit) & 1) != 0;

    /// <summary>arch_prctl(ARCH_REQ_XCOMP_PERM, XTILEDATA), once for the process (Linux, Documentation/arch/x86/xstate.rst).</summary>
    static bool RequestTiles() => SystemCall(158, 0x1023, 18) == 0;

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint SystemCall(nint number, nint a, nint b);
}
