namespace Homegrown.Kernels;

/// <summary>Which implementation of the kernels runs. One corpus tests all of them; <see cref="ComputeOptions.Tier"/> forces one.</summary>
public enum Tier
{
    /// <summary>Scalar and obvious: the specification that the others are compared with.</summary>
    Reference,

    /// <summary>.NET's vectors and intrinsics: any processor, 128 to 512 bits wide.</summary>
    Portable,

    /// <summary>Portable, with products in machine code assembled at run time for instructions that .NET does not offer (AVX-512 VNNI).</summary>
    Emitted,

    /// <summary>
    /// Emitted, with products of many tokens in AMX tiles of bfloat16. Forced on a processor without AMX, .NET's vectors compute the
    /// same, slowly: to measure what it costs in accuracy.
    /// </summary>
    Amx,
}
