using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Quant;
using Homegrown.Kernels.Threading;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>
/// Scales of 32 activations: x = scale of its half * code. The sums are those of the decoded values, for weights with a bias
/// or a minimum.
/// </summary>
readonly struct PartScales(float low, float high, float sumLow, float sumHigh)
{
    public readonly float Low = low, High = high, SumLow = sumLow, SumHigh = sumHigh, Sum = sumLow + sumHigh;
}

/// <summary>
/// Activations in 8 bits: per row, codes of -127 to 127 and a float scale for every 16 of them, the largest of the 16 being 127.
/// Groups of 16 rather than the 32 of the weights: an outlier costs fewer neighbours their precision.
/// </summary>
readonly unsafe struct QuantizedRows
{
    /// <summary>Values that share a scale.</summary>
    internal const int Group = 16;

    /// <summary>A group whose largest magnitude is below this counts as zeros: 127 / largest must not overflow.</summary>
    internal const float Negligible = 1e-30f;

    const float Top = 127;

    // 1.5 * 2^23: a float of this size has no fraction bits, so adding it rounds to the nearest integer, ties to even.
    const float Rounder = 12582912;
    const int Infinity = 0x7F800000;

    readonly sbyte* codes;
    readonly short* wide;
    readonly PartScales* scales;
    readonly int columns;

    QuantizedRows(Arena arena, int rows, int columns, bool withWide)
    {
        this.columns = columns;
        codes = (sbyte*)arena.Take((long)rows * columns);
        wide = withWide ? (short*)arena.Take((long)rows * columns * sizeof(short)) : null;
        scales = (PartScales*)arena.Take((long)rows * columns / Blocks.PartSize * sizeof(PartScales));
    }

    /// <summary>The codes of a row, [columns].</summary>
    internal sbyte* Codes(int row) => codes + ((long)row * columns);

    /// <summary>The codes of a row in 16 bits, [columns], every four in the order 0, 2, 1, 3: see <see cref="PanelProducts"/>.</summary>
    internal short* Wide(int row) => wide + ((long)row * columns);

    /// <summary>The scales of a row, [columns / 32].</summary>
    internal PartScales* Scales(int row) => scales + ((long)row * columns / Blocks.PartSize);

    /// <summary>Quantizes all rows of x, whose columns are a multiple of 32, into arena memory.</summary>
    internal static QuantizedRows From(Tensor x, bool wide)
    {
        var rows = new QuantizedRows(x.Compute.Arena, x.Rows, x.Columns, wide);
        var job = new Job { X = x, Rows = rows };
        x.Compute.Pool.Run(x.Rows, ref job);
        return rows;
    }

    struct Job : IJob
    {
        public Tensor X;
        public QuantizedRows Rows;

        public readonly void Run(int row)
        {
            var x = X.RowPointer(row);
            var codes = Rows.Codes(row);
            var scales = Rows.Scales(row);
            if (X.Compute.Tier == Tier.Reference) QuantizeReference(x, X.Columns, codes, scales);
            else Quantize(x, X.Columns, codes, scales);
            if (Rows.wide != null) Widen(codes, X.Columns, Rows.Wide(row));
        }
    }

    /// <summary>The specification.</summary>
    internal static void QuantizeReference(float* x, int columns, sbyte* codes, PartScales* scales)
    {
        for (var part = 0; part < columns / Blocks.PartSize; part++)
        {
            var (low, sumLow) = GroupReference(x + (part * Blocks.PartSize), codes + (part * Blocks.PartSize));
            var (high, sumHigh) = GroupReference(x + (part * Blocks.PartSize) + Group, codes + (part * Blocks.PartSize) + Group);
            scales[part] = new(low, high, sumLow, sumHigh);
        }
    }

    static (float Scale, float Sum) GroupReference(float* x, sbyte* codes)
    {
        var largest = 0f;
        for (var i = 0; i < Group; i++) largest = MathF.Max(largest, MathF.Abs(x[i]));   // NaN stays
        var sum = 0;
        for (var i = 0; i < Group; i++)
        {
            codes[i] = largest >= Negligible && float.IsFinite(largest) ? (sbyte)MathF.Round(x[i] * (Top / largest)) : (sbyte)0;
            sum += codes[i];
        }

        return Scale(largest, sum);
    }

    /// <summary>Infinity and NaN make the scale NaN, and with it every output that the group has a part in.</summary>
    static (float Scale, float Sum) Scale(float largest, int sum)
    {
        var scale = !float.IsFinite(largest) ? float.NaN : largest < Negligible ? 0 : largest / Top;
        return (scale, scale * sum);
    }

    /// <summary>The same to the bit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Quantize(float* x, int columns, sbyte* codes, PartScales* scales)
    {
        for (var part = 0; part < columns / Blocks.PartSize; part++, x += Blocks.PartSize, codes += Blocks.PartSize)
        {
            var (low, sumLow) = QuantizeGroup(x, codes);
            var (high, sumHigh) = QuantizeGroup(x + Group, codes + Group);
            scales[part] = new(low, high, sumLow, sumHigh);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static (float Scale, float Sum) QuantizeGroup(float* x, sbyte* codes)
    {
        var (a, b) = (Vector256.Load(x), Vector256.Load(x + 8));
        // As integers, magnitudes compare like the floats, with infinity and then NaN on top.
        var magnitudes = Vector256.Max(Vector256.Abs(a).AsInt32(), Vector256.Abs(b).AsInt32());
        var four = Vector128.Max(magnitudes.GetLower(), magnitudes.GetUpper());
        var two = Vector128.Max(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        var bits = Vector128.Max(two, Vector128.Shuffle(two, Vector128.Create(1, 0, 3, 2))).ToScalar();
        var largest = BitConverter.Int32BitsToSingle(bits);
        if (bits >= Infinity || largest < Negligible)
        {
            Vector128<sbyte>.Zero.Store(codes);
            return Scale(largest, 0);
        }

        var inverse = Vector256.Create(Top / largest);
        var (first, second) = (Round(a * inverse), Round(b * inverse));
        Vector128.Narrow(Vector128.Narrow(first.GetLower(), first.GetUpper()), Vector128.Narrow(second.GetLower(), second.GetUpper())).Store(codes);
        return Scale(largest, Vector256.Sum(first + second));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> Round(Vector256<float> values)
        => (values + Vector256.Create(Rounder)).AsInt32() - Vector256.Create(Rounder).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Widen(sbyte* codes, int columns, short* wide)
    {
        for (var i = 0; i < columns; i += 16)
        {
            var (low, high) = Vector128.Widen(Vector128.Load(codes + i));
            Vector128.Shuffle(low, Vector128.Create((short)0, 2, 1, 3, 4, 6, 5, 7)).Store(wide + i);
            Vector128.Shuffle(high, Vector128.Create((short)0, 2, 1, 3, 4, 6, 5, 7)).Store(wide + i + 8);
        }
    }
}
