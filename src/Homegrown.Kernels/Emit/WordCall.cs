using System.Runtime.InteropServices;

namespace Homegrown.Kernels.Emit;

/// <summary>
/// What a product of 16-bit integers is given: c[row, lane] becomes, or gains, aScale[row] * bScale[lane] * sum over k of a[row, k] * b[k, lane],
/// for 32 lanes. The kernel reads these by their offsets.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
unsafe struct WordCall
{
    public const int AAt = 0, ABytesAt = 8, AScalesAt = 16, BAt = 24, BScalesAt = 32, CAt = 40, CBytesAt = 48, StepsAt = 56, BlocksAt = 64;

    /// <summary>[rows, steps * 8], and bytes from a row to the next. The kernel moves it on.</summary>
    public short* A;
    public long ABytes;

    /// <summary>[rows]. The kernel moves it on.</summary>
    public float* AScales;

    /// <summary>Pairs of neighbouring k, [steps * 4, 32, 2].</summary>
    public short* B;

    /// <summary>[32].</summary>
    public float* BScales;

    /// <summary>[rows, 32], and bytes from a row to the next. The kernel moves it on.</summary>
    public float* C;
    public long CBytes;

    /// <summary>Of <see cref="WordEmitter.StepTerms"/> terms.</summary>
    public long Steps;

    /// <summary>Of as many rows as the kernel takes at once: it counts them down.</summary>
    public long Blocks;
}
