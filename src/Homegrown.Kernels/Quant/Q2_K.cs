using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Homegrown.Kernels.Quant;

/// <summary>
/// 2 bits in super-blocks of 256, with a scale and a minimum for every 16: w = d * s[g] * code - dmin * m[g]. A block of 84 bytes:
/// <code>
/// 0    s, m   16 bytes: bits 0-3 s[g], bits 4-7 m[g]
/// 16   codes  256 x 2 bits (<see cref="TwoBits"/>)
/// 80   d      half
/// 82   dmin   half
/// </code>
/// </summary>
public readonly struct Q2_K : ICodedFormat
{
    const int CodesAt = 16, ScaleAt = 80, MinAt = 82, Group = 16, Groups = 16;
    const int Top = 3, ScaleTop = 15;

    static readonly Sweep Sweep = new(-0.5f, 0.1f, 15, Magnitude: true);

    public static TensorType Type => TensorType.Q2_K;

    public static int BlockSize => SuperBlock.Size;

    public static int BlockBytes => 84;

    public static int Bits => 2;

    public static int Bias => 0;

    public static bool HasMin => true;

    public static bool SplitScales => true;

    public static PanelScales? Panels => PanelScales.Pairs;

    public static int HalvesAt => ScaleAt;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<sbyte> Factors(ref readonly byte block) => Blocks.Read<Vector128<sbyte>>(in block, 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Codes(ref readonly byte block, int part) => TwoBits.Codes(in block, CodesAt, part).AsSByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales(ref readonly byte block, int part, out float low, out float high, out float min)
    {
        (low, min) = Scale(in block, 2 * part);
        (high, _) = Scale(in block, (2 * part) + 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float SecondMin(ref readonly byte block, int part) => Scale(in block, (2 * part) + 1).Min;

    public static void Dequantize(ReadOnlySpan<byte> blocks, Span<float> values) => Blocks.Dequantize<Q2_K>(blocks, values);

    /// <summary>Scale and minimum of a group.</summary>
    static (float Scale, float Min) Scale(ref readonly byte block, int group)
    {
        var code = Blocks.Read<byte>(in block, group);
        return (Blocks.Half(in block, ScaleAt) * (code & 15), -(Blocks.Half(in block, MinAt) * (code >> 4)));
    }

    public static void Quantize(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> blocks)
    {
        Span<byte> codes = stackalloc byte[BlockSize];
        var count = Blocks.Count<Q2_K>(values, importance, blocks);
        for (var b = 0; b < count; b++)
        {
            var columns = (b * BlockSize)..((b + 1) * BlockSize);
            var block = blocks.Slice(b * BlockBytes, BlockBytes);
            Fit(values[columns], importance.IsEmpty ? [] : importance[columns], block, codes);
            TwoBits.Write(codes, block[CodesAt..]);
        }
    }

    /// <summary>Fits each group by itself, rounds scales and minima to 4 bits, and chooses the codes anew.</summary>
    static void Fit(ReadOnlySpan<float> x, ReadOnlySpan<float> importance, Span<byte> block, Span<byte> codes)
    {
        Span<float> weights = stackalloc float[Group], totals = stackalloc float[Groups];
        Span<float> scales = stackalloc float[Groups], mins = stackalloc float[Groups];
        var energy = LeastSquares.SumOfSquares(x) / BlockSize;
        for (var g = 0; g < Groups; g++)
        {
            var values = x.Slice(g * Group, Group);
            for (var i = 0; i < Group; i++)
                weights[i] = importance.IsEmpty ? MathF.Abs(values[i]) : LeastSquares.Weight(importance[(g * Group) + i], energy, values[i]);
            foreach (var weight in weights) totals[g] += weight;
            (scales[g], var min) = LineFit.Fit(
                values, weights, Top, importance.IsEmpty ? Sweep : Sweep.Fine, codes.Slice(g * Group, Group));
            mins[g] = -min;
        }

        Span<byte> s = stackalloc byte[Groups], m = stackalloc byte[Groups];
        Blocks.WriteHalf(block[ScaleAt..], importance.IsEmpty ? SuperBlock.Round(scales, ScaleTop, s) : LeastSquares.Positive(scales, totals, ScaleTop, s));
        Blocks.WriteHalf(block[MinAt..], importance.IsEmpty ? SuperBlock.Round(mins, ScaleTop, m) : LeastSquares.Positive(mins, totals, ScaleTop, m));
        for (var g = 0; g < Groups; g++) block[g] = (byte)(s[g] | (m[g] << 4));
        for (var i = 0; i < codes.Length; i++)
        {
            var (scale, min) = Scale(in block[0], i / Group);
            if (scale != 0) codes[i] = (byte)Math.Clamp(LeastSquares.Nearest((x[i] - min) / scale), 0, Top);
        }
    }
}
