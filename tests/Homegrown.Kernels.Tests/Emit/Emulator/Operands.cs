using System.Runtime.InteropServices;

namespace Homegrown.Kernels.Tests.Emit.Emulator;

/// <summary>Operands where instructions differ: extremes, zeros of both signs, denormals, infinities, NaNs, halves of them, noise.</summary>
static class Operands
{
    static readonly uint[] Awkward =
    [
        0, 0x80000000, 1, 0x80000001, 0x007FFFFF, 0x807FFFFF, 0x00800000, 0x7F7FFFFF, 0xFF7FFFFF, 0x7F800000, 0xFF800000, 0x7FC00000,
        0xFFC12345, 0x7F812345, 0xFFA54321, 0x3F800000, 0xBF800000, 0x3F000000, 0x40200000, 0xC0600000, 0x4F000000, 0xCF000000, 0x4EFFFFFF,
        0x7FFFFFFF, 0xFFFFFFFF, 0x80808080, 0x7F7F7F7F, 0x80008000, 0x7FFF7FFF, 0x7C01FC00, 0x03FF8001, 0x7C007BFF, 0xFF80FFFF, 31, 32, 64,
        0x3F803F80, 0x7F7F3F80, 0x00010080, 0x7FC07F81,
    ];

    public static void Fill(Span<byte> state, Random random, int round)
    {
        random.NextBytes(state);
        foreach (ref var dword in MemoryMarshal.Cast<byte, uint>(state))
        {
            // Even rounds are floats of moderate size and awkward values, odd ones noise with some.
            if (random.Next(round % 2 == 0 ? 3 : 12) == 0) dword = Awkward[random.Next(Awkward.Length)];
            else if (round % 2 == 0) dword = BitConverter.SingleToUInt32Bits((float)(random.NextDouble() - 0.5) * (1 << random.Next(20)));
        }

        // The first rounds are small counts for shifts, in both sources and memory; then masks of all and none.
        if (round is 0 or 1 or 2) MemoryMarshal.Cast<byte, ulong>(state)[16] = MemoryMarshal.Cast<byte, ulong>(state)[24] = (ulong)random.Next(70);
        if (round is 3 or 4) MemoryMarshal.Cast<byte, ulong>(state)[32] = round == 3 ? ulong.MaxValue : 0;
    }
}
