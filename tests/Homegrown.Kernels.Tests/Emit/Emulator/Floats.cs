namespace Homegrown.Kernels.Tests.Emit.Emulator;

/// <summary>
/// Single precision as the vector units have it with MXCSR at its default (round to nearest even, denormals kept, no traps): which NaN
/// results is defined, where C# leaves it to the processor. From the rules in the Intel SDM volume 1, chapter 4.8.
/// </summary>
static class Floats
{
    static readonly float Indefinite = BitConverter.UInt32BitsToSingle(0xFFC00000);

    public static float Quiet(float x) => BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(x) | 0x400000);

    /// <summary>The first operand that is a NaN, quiet; else the result, whose NaN can only be the indefinite one.</summary>
    static float OrNaN(float result, float a, float b, float c = 0) =>
        float.IsNaN(a) ? Quiet(a) : float.IsNaN(b) ? Quiet(b) : float.IsNaN(c) ? Quiet(c) : float.IsNaN(result) ? Indefinite : result;

    public static float Add(float a, float b) => OrNaN(a + b, a, b);
    public static float Subtract(float a, float b) => OrNaN(a - b, a, b);
    public static float Multiply(float a, float b) => OrNaN(a * b, a, b);
    public static float Divide(float a, float b) => OrNaN(a / b, a, b);
    public static float Sqrt(float a) => OrNaN(MathF.Sqrt(a), a, 0);
    /// <summary>The second operand if either is a NaN or both are zeros.</summary>
    public static float Max(float a, float b) => a > b ? a : b;
    public static float Min(float a, float b) => a < b ? a : b;

    /// <summary>a b + c rounded once; NaNs are looked for in the order first, second, third operand of the instruction.</summary>
    public static float Fused(float a, float b, float c, float first, float second, float third) =>
        OrNaN(MathF.FusedMultiplyAdd(a, b, c), first, second, third);

    public static int ToInt(float x) => x is >= -2147483648f and < 2147483648f ? (int)MathF.Round(x) : int.MinValue;

    public static float FromHalf(ushort h)
    {
        var x = (float)BitConverter.UInt16BitsToHalf(h);
        return float.IsNaN(x) ? BitConverter.UInt32BitsToSingle(((uint)(h & 0x8000) << 16) | 0x7FC00000 | ((uint)(h & 0x3FF) << 13)) : x;
    }

    public static ushort ToHalf(float x)
    {
        var bits = BitConverter.SingleToUInt32Bits(x);
        return float.IsNaN(x) ? (ushort)((bits >> 16 & 0x8000) | 0x7E00 | (bits >> 13 & 0x3FF)) : BitConverter.HalfToUInt16Bits((Half)x);
    }

    public static float FromBFloat(ushort b) => BitConverter.UInt32BitsToSingle((uint)b << 16);

    /// <summary>To nearest even; denormals become zeros of their sign.</summary>
    public static ushort ToBFloat(float x)
    {
        var bits = BitConverter.SingleToUInt32Bits(Flush(x));
        return (ushort)(float.IsNaN(x) ? (bits >> 16) | 0x40 : (bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
    }

    public static float Flush(float x) => float.IsSubnormal(x) ? MathF.CopySign(0, x) : x;

    /// <summary>A step of a bfloat16 or half dot product: fused, denormals flushed on the way in and out.</summary>
    public static float FlushedStep(float sum, float a, float b)
    {
        (sum, a, b) = (Flush(sum), Flush(a), Flush(b));
        return Flush(OrNaN(MathF.FusedMultiplyAdd(a, b, sum), a, b, sum));
    }

    /// <summary>a + b with denormals flushed.</summary>
    public static float FlushedAdd(float a, float b) => Flush(Add(Flush(a), Flush(b)));

    /// <summary>a 2^floor(b), rounded once: a double holds the product exactly up to the last step.</summary>
    public static float Scale(float a, float b) =>
        float.IsNaN(a) ? (IsQuiet(a) && float.IsInfinity(b) ? (b > 0 ? b : 0) : Quiet(a))
        : float.IsNaN(b) ? Quiet(b)
        : (float.IsPositiveInfinity(b) && a == 0) || (float.IsNegativeInfinity(b) && float.IsInfinity(a)) ? Indefinite
        : (float)Math.ScaleB(a, (int)Math.Clamp(Math.Floor(b), -600, 600));

    static bool IsQuiet(float x) => (BitConverter.SingleToUInt32Bits(x) & 0x400000) != 0;

    public static float Exponent(float x) =>
        float.IsNaN(x) ? Quiet(x) : float.IsInfinity(x) ? float.PositiveInfinity : x == 0 ? float.NegativeInfinity : Math.ILogB(x);

    /// <summary>To a multiple of 2^-M: M in bits 7:4 of the control, the rounding in bits 1:0 unless bit 2 says MXCSR's.</summary>
    public static float RoundScale(float x, int control)
    {
        if (!float.IsFinite(x)) return float.IsNaN(x) ? Quiet(x) : x;
        var unit = 1 << (control >> 4);
        var mode = (control & 7) switch
        {
            1 => MidpointRounding.ToNegativeInfinity,
            2 => MidpointRounding.ToPositiveInfinity,
            3 => MidpointRounding.ToZero,
            _ => MidpointRounding.ToEven,
        };
        return (float)Math.CopySign(Math.Round((double)x * unit, mode) / unit, x);
    }

    /// <summary>What rounding to a multiple of 2^-M left over, itself rounded as the control says.</summary>
    public static float Reduce(float x, int control)
    {
        if (!float.IsFinite(x)) return float.IsNaN(x) ? Quiet(x) : 0;
        double whole = RoundScale(x, control);
        var (rest, mode) = ((float)(x - whole), control & 7);
        if (rest == 0 && whole == x) return mode == 1 ? -0f : 0f;
        // The float nearest to the rest may lie on the wrong side of it.
        return mode == 1 && rest + whole > x ? MathF.BitDecrement(rest) : mode == 2 && rest + whole < x ? MathF.BitIncrement(rest) : rest;
    }

    /// <summary>Predicates 0 to 31 of vcmpps; bit 4 only chooses which NaNs signal.</summary>
    public static bool Compare(float a, float b, int predicate)
    {
        var unordered = float.IsNaN(a) || float.IsNaN(b);
        return (predicate & 15) switch
        {
            0 => a == b,
            1 => a < b,
            2 => a <= b,
            3 => unordered,
            4 => a != b,
            5 => !(a < b),
            6 => !(a <= b),
            7 => !unordered,
            8 => unordered || a == b,
            9 => !(a >= b),
            10 => !(a > b),
            11 => false,
            12 => !unordered && a != b,
            13 => a >= b,
            14 => a > b,
            _ => true,
        };
    }
}
