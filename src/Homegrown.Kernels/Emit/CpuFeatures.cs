using System.Runtime.Intrinsics.X86;

namespace Homegrown.Kernels.Emit;

/// <summary>Instructions that .NET has no name for, asked of the processor (Intel SDM volume 2, CPUID leaf 7).</summary>
static class CpuFeatures
{
    /// <summary>VPDPBUSD in 512 bits. The runtime's word on AVX-512 says that the system saves the registers.</summary>
    internal static bool HasAvx512Vnni => Avx512BW.IsSupported && Bit(Leaf7(0).Ecx, 11);

    /// <summary>VDPBF16PS in 512 bits. Asked once: where a hypervisor answers CPUID, it takes as long as a small product.</summary>
    internal static bool HasAvx512BrainFloats { get; } = Avx512BW.IsSupported && Leaf7(0).Eax >= 1 && Bit(Leaf7(1).Eax, 5);

    static (int Eax, int Ebx, int Ecx, int Edx) Leaf7(int subleaf)
        => X86Base.IsSupported && X86Base.CpuId(0, 0).Eax >= 7 ? X86Base.CpuId(7, subleaf) : default;

    static bool Bit(int word, int bit) => ((word >> bit) & 1) != 0;
}
