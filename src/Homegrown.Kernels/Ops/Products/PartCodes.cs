using System.Runtime.InteropServices;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>
/// 32 activations as codes: x = Scale * (code + rest / 256). The rest, another 8 bits, is there where <see cref="HasRest"/> is not 0;
/// elsewhere it is 0, so that reading it changes nothing.
/// </summary>
/// <remarks>Kernels read it by these offsets: all that a part needs is in one stretch of memory, row after row at one distance.</remarks>
[StructLayout(LayoutKind.Sequential)]
unsafe struct PartCodes
{
    public const int RestsAt = 32, ScaleAt = 64, RestScaleAt = 68, SumAt = 72, CodeSumsAt = 76, RestSumsAt = 88, HasRestAt = 100, FirstSumAt = 104, SecondSumAt = 108, Size = 112;

    /// <summary>-127 to 127.</summary>
    public fixed sbyte Codes[Blocks.PartSize];

    /// <summary>In units of 1/256 of a code, -127 to 127.</summary>
    public fixed sbyte Rests[Blocks.PartSize];

    /// <summary>Of a code, and of a rest: a 256th of it, or 0 without rests.</summary>
    public float Scale, RestScale;

    /// <summary>Of the 32 decoded values: a weight's minimum is multiplied with it.</summary>
    public float Sum;

    /// <summary>What kernels begin a dot with, times the weights' bias: sum of (w - bias) * code = sum of w * code + bias * (-sum of code).</summary>
    public MinusSums CodeSums, RestSums;

    /// <summary>1 or 0.</summary>
    public int HasRest;

    /// <summary>As <see cref="Sum"/>, of 16 each: for minima of half a part.</summary>
    public float FirstSum, SecondSum;
}

/// <summary>Negated sums of codes: of the first 16, of the others, of all.</summary>
[StructLayout(LayoutKind.Sequential)]
readonly record struct MinusSums(int First, int Second, int All)
{
    public const int FirstAt = 0, SecondAt = 4, AllAt = 8;

    public static MinusSums Of(int first, int second) => new(-first, -second, -first - second);
}
