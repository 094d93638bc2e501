using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Quant;
using Homegrown.Kernels.Threading;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>
/// What 32 activations share: x = scale * code. The sums are those of the decoded values, of the first 16, of the others and of
/// all, for weights with a bias or a minimum.
/// </summary>
readonly struct PartScale(float scale, float low, float high)
{
    public readonly float Scale = scale, SumLow = low, SumHigh = high, Sum = low + high;
}

/// <summary>
/// Activations in 16 bits: per row, codes of -32,767 to 32,767 and a float scale for every 32 of them, the largest of the 32 being
/// 32,767. Eight bits would cost a mean divergence of 0.003 from float32 on the embedded model, which changes answers; 16 cost
/// nothing that can be measured, and products with weights of up to 8 bits still fit 32.
/// </summary>
/// <remarks>
/// The codes of a part are its even columns, then its odd ones: where the weights' codes lie in bytes, even and odd bytes are what
/// comes apart without crossing lanes.
/// </remarks>
readonly unsafe struct QuantizedRows
{
    /// <summary>A part whose largest magnitude is below this counts as zeros: 32,767 / largest must not overflow.</summary>
    internal const float Negligible = 1e-30f;

    /// <summary>Codes of one parity in a part.</summary>
    internal const int Odd = Blocks.PartSize / 2;

    /// <summary>Rows that a kernel reads at once.</summary>
    internal const int RowGroup = 4;

    const float Top = 32767;

    // 1.5 * 2^23: a float of this size has no fraction bits, so adding it rounds to the nearest integer, ties to even.
    const float Rounder = 12582912;
    const int Infinity = 0x7F800000;

    readonly short* codes;
    readonly PartScale* scales;
    readonly int columns;

    QuantizedRows(Arena arena, int rows, int columns)
    {
        this.columns = columns;
        // Kernels take tokens in groups; what is past the last row they read and drop.
        rows = (rows + RowGroup - 1) / RowGroup * RowGroup;
        codes = (short*)arena.Take((long)rows * columns * sizeof(short));
        scales = (PartScale*)arena.Take((long)rows * columns / Blocks.PartSize * sizeof(PartScale));
    }

    /// <summary>The codes of a row, [columns / 32, even or odd, 16].</summary>
    internal short* Codes(int row) => codes + ((long)row * columns);

    /// <summary>The scales of a row, [columns / 32].</summary>
    internal PartScale* Scales(int row) => scales + ((long)row * columns / Blocks.PartSize);

    /// <summary>Where a part keeps the code of its column <paramref name="i"/>.</summary>
    internal static int At(int i) => ((i & 1) * Odd) + (i >> 1);

    /// <summary>Quantizes all rows of x, whose columns are a multiple of 32, into arena memory.</summary>
    internal static QuantizedRows From(Tensor x)
    {
        var rows = new QuantizedRows(x.Compute.Arena, x.Rows, x.Columns);
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
            if (X.Compute.Tier == Tier.Reference) QuantizeReference(X.RowPointer(row), X.Columns, Rows.Codes(row), Rows.Scales(row));
            else Quantize(X.RowPointer(row), X.Columns, Rows.Codes(row), Rows.Scales(row));
        }
    }

    /// <summary>The specification.</summary>
    internal static void QuantizeReference(float* x, int columns, short* codes, PartScale* scales)
    {
        for (var part = 0; part < columns / Blocks.PartSize; part++, x += Blocks.PartSize, codes += Blocks.PartSize)
        {
            var largest = 0f;
            for (var i = 0; i < Blocks.PartSize; i++) largest = MathF.Max(largest, MathF.Abs(x[i]));   // NaN stays
            var (low, high) = (0, 0);
            for (var i = 0; i < Blocks.PartSize; i++)
            {
                var code = largest >= Negligible && float.IsFinite(largest) ? (short)MathF.Round(x[i] * (Top / largest)) : (short)0;
                codes[At(i)] = code;
                if (i < Blocks.PartSize / 2) low += code;
                else high += code;
            }

            scales[part] = Scale(largest, low, high);
        }
    }

    /// <summary>Infinity and NaN make the scale NaN, and with it every output that the part has a share in.</summary>
    static PartScale Scale(float largest, int low, int high)
    {
        var scale = !float.IsFinite(largest) ? float.NaN : largest < Negligible ? 0 : largest / Top;
        return new(scale, scale * low, scale * high);
    }

    /// <summary>The same to the bit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Quantize(float* x, int columns, short* codes, PartScale* scales)
    {
        for (var part = 0; part < columns / Blocks.PartSize; part++, x += Blocks.PartSize, codes += Blocks.PartSize)
        {
            var (a, b, c, d) = (Vector256.Load(x), Vector256.Load(x + 8), Vector256.Load(x + 16), Vector256.Load(x + 24));
            // As integers, magnitudes compare like the floats, with infinity and then NaN on top.
            var magnitudes = Vector256.Max(
                Vector256.Max(Vector256.Abs(a).AsInt32(), Vector256.Abs(b).AsInt32()), Vector256.Max(Vector256.Abs(c).AsInt32(), Vector256.Abs(d).AsInt32()));
            var four = Vector128.Max(magnitudes.GetLower(), magnitudes.GetUpper());
            var two = Vector128.Max(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
            var bits = Vector128.Max(two, Vector128.Shuffle(two, Vector128.Create(1, 0, 3, 2))).ToScalar();
            var largest = BitConverter.Int32BitsToSingle(bits);
            if (bits >= Infinity || largest < Negligible)
            {
                new Span<short>(codes, Blocks.PartSize).Clear();
                scales[part] = Scale(largest, 0, 0);
                continue;
            }

            var inverse = Vector256.Create(Top / largest);
            var (p, q, r, s) = (Round(a * inverse), Round(b * inverse), Round(c * inverse), Round(d * inverse));
            // Pairs of neighbours in an element each: the even ones are its low half.
            var (low, high) = (Vector256.Narrow(p, q).AsInt32(), Vector256.Narrow(r, s).AsInt32());
            Vector256.Narrow((low << 16) >> 16, (high << 16) >> 16).Store(codes);
            Vector256.Narrow(low >> 16, high >> 16).Store(codes + Odd);
            scales[part] = Scale(largest, Vector256.Sum(p + q), Vector256.Sum(r + s));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> Round(Vector256<float> values)
        => (values + Vector256.Create(Rounder)).AsInt32() - Vector256.Create(Rounder).AsInt32();
}
