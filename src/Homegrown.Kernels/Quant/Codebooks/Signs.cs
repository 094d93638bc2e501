using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Homegrown.Kernels.Quant.Codebooks;

/// <summary>The signs of 32 values: bit i set where value i is negative.</summary>
static class Signs
{
    /// <summary>Values with their signs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<sbyte> Apply(Vector256<sbyte> magnitudes, uint signs)
    {
        var negative = PackedBits.Spread(signs).AsSByte();
        return (magnitudes ^ negative) - negative;
    }

    /// <summary>Four times seven bits, the lowest 28, to 32: the eighth sign makes their number even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static uint Unpack(uint packed)
        => Even(packed & 127) | (Even((packed >> 7) & 127) << 8) | (Even((packed >> 14) & 127) << 16) | (Even((packed >> 21) & 127) << 24);

    /// <summary>Seven signs and the eighth.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static uint Even(uint seven) => seven | ((uint)(BitOperations.PopCount(seven) & 1) << 7);

    /// <summary>The inverse of <see cref="Unpack"/> for the signs of a part, [4].</summary>
    internal static uint Pack(ReadOnlySpan<byte> signs)
        => (signs[0] & 127u) | ((signs[1] & 127u) << 7) | ((signs[2] & 127u) << 14) | ((signs[3] & 127u) << 21);
}
