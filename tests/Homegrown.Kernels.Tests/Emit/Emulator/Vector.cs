using System.Runtime.InteropServices;

namespace Homegrown.Kernels.Tests.Emit.Emulator;

/// <summary>A value of 64 bytes: a zmm register, or an operand widened with zeros.</summary>
sealed class Vector
{
    public const int Size = 64;
    readonly byte[] bytes = new byte[Size];

    /// <summary>The value as 64 / sizeof(T) lanes, lane 0 at the lowest address.</summary>
    public Span<T> Of<T>() where T : unmanaged => MemoryMarshal.Cast<byte, T>(bytes.AsSpan());

    public Vector Copy()
    {
        var copy = new Vector();
        bytes.CopyTo(copy.bytes, 0);
        return copy;
    }
}

/// <summary>One vector instruction at work: its operands, and the result that the machine will write under the mask.</summary>
sealed class Step
{
    /// <summary>The vector length in bytes: 16, 32 or 64.</summary>
    public required int Bytes { get; init; }
    /// <summary>The destination as it was.</summary>
    public required Vector Old { get; init; }
    /// <summary>The first and second source; a general register or a mask is the low 8 bytes.</summary>
    public required Vector A { get; init; }
    public required Vector B { get; init; }
    /// <summary>The immediate byte, or null where the instruction has none.</summary>
    public required byte? Immediate { get; init; }
    /// <summary>Operands without the immediate: vmovss means two things.</summary>
    public required int Operands { get; init; }
    public required bool ToMask { get; init; }
    public Vector Result { get; set; } = new();
    /// <summary>What stands where the mask is zero.</summary>
    public required Vector Elsewhere { get; set; }
    /// <summary>Bytes of the result under the mask; above them a narrowing instruction writes zeros.</summary>
    public int Width { get; set; } = Vector.Size;

    public int Imm => Immediate ?? throw new InvalidOperationException("an immediate is missing");
    public unsafe int Lanes<T>() where T : unmanaged => Bytes / sizeof(T);
}

/// <summary>A row of the instruction table.</summary>
/// <param name="Element">Bytes that one bit of the write mask governs.</param>
/// <param name="Lanewise">Lane i reads only lane i of memory, so a mask also suppresses the read.</param>
/// <param name="Wide">Bytes of the wider of source and result lane where they differ, else 0.</param>
/// <param name="Scalar">Only lane 0 is computed and masked.</param>
sealed record Row(int Element, Action<Step> Do, bool Lanewise = false, bool Scalar = false, int Wide = 0);
