using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Quant;
using Homegrown.Kernels.Threading;

namespace Homegrown.Kernels.Ops.Products;

/// <summary>
/// Activations in 8 bits with a float scale for every 32, and in 16 where that matters: parts whose largest magnitude is well above
/// the root mean square of all parts' of the row get a rest of another 8 bits. Outliers sit in few columns, so that a sixth of the
/// parts takes most of the error away: mean divergence from float32 on the embedded model 0.001, where 8 bits alone have 0.005.
/// </summary>
readonly unsafe struct QuantizedRows
{
    /// <summary>A part whose largest magnitude is below this counts as zeros: 127 / largest must not overflow.</summary>
    internal const float Negligible = 1e-30f;

    /// <summary>Rows that a kernel reads at once.</summary>
    internal const int RowGroup = 4;

    const float Top = 127, RestsPerCode = 256;

    /// <summary>A part has rests above so many times the mean: more of them cost time, fewer accuracy (ADR 0007).</summary>
    internal const float Outlying = 1.7f;

    // 1.5 * 2^23: a float of this size has no fraction bits, so adding it rounds to the nearest integer, ties to even.
    const float Rounder = 12582912;

    readonly PartCodes* codes;
    readonly byte* flags;
    readonly int parts;

    QuantizedRows(Arena arena, int rows, int columns)
    {
        parts = columns / Blocks.PartSize;
        // Kernels take tokens in groups; what is past the last row they read and drop.
        rows = (rows + RowGroup - 1) / RowGroup * RowGroup;
        codes = (PartCodes*)arena.Take(rows * RowBytes);
        flags = arena.Take(rows * FlagBytes);
    }

    /// <summary>The parts of a row, [columns / 32].</summary>
    internal PartCodes* Row(int row) => codes + ((long)row * parts);

    /// <summary>1 for each part of a row that has rests, otherwise 0; further zeros up to a multiple of 8.</summary>
    internal byte* Flags(int row) => flags + (row * FlagBytes);

    long FlagBytes => (parts + 7L) / 8 * 8;

    /// <summary>Of a row.</summary>
    internal int Parts => parts;

    /// <summary>From a row to the next.</summary>
    internal long RowBytes => (long)parts * PartCodes.Size;

    internal static QuantizedRows From(Tensor x, bool fine = false) => From(x, fine, default(Nothing));

    /// <summary>Quantizes all rows of x, whose columns are a multiple of 32, into arena memory.</summary>
    /// <param name="fine">All parts have rests.</param>
    /// <param name="before">What makes a row of x.</param>
    internal static QuantizedRows From<TBefore>(Tensor x, bool fine, TBefore before)
        where TBefore : struct, IRowKernel
    {
        var rows = new QuantizedRows(x.Compute.Arena, x.Rows, x.Columns);
        var job = new Job<TBefore> { X = x, Rows = rows, Above = fine ? 0 : Outlying, Before = before };
        x.Compute.Pool.Run(x.Rows, ref job);
        return rows;
    }

    struct Job<TBefore> : IJob
        where TBefore : struct, IRowKernel
    {
        public Tensor X;
        public QuantizedRows Rows;
        public float Above;
        public TBefore Before;

        public readonly void Run(int row)
        {
            RowKernels.One(Before, X.Compute.Tier, row);
            new Span<byte>(Rows.Flags(row), (int)Rows.FlagBytes).Clear();
            if (X.Compute.Tier == Tier.Reference) QuantizeReference(X.RowPointer(row), Rows.Row(row), Rows.Flags(row), Rows.Parts, Above);
            else Quantize(X.RowPointer(row), Rows.Row(row), Rows.Flags(row), Rows.Parts, Above);
        }
    }

    /// <summary>The specification.</summary>
    /// <param name="flags">Zeros; 1 for parts that get rests.</param>
    /// <param name="above">Parts have rests above so many times the mean; 0 for all.</param>
    internal static void QuantizeReference(float* x, PartCodes* codes, byte* flags, int parts, float above)
    {
        for (var p = 0; p < parts; p++)
        {
            var largest = 0f;
            for (var i = 0; i < Blocks.PartSize; i++) largest = MathF.Max(largest, MathF.Abs(x[(p * Blocks.PartSize) + i]));   // NaN stays
            codes[p].Scale = largest;
        }

        var typical = above * RootMeanSquare(codes, parts);
        Span<int> sums = stackalloc int[4];
        for (var p = 0; p < parts; p++, codes++, x += Blocks.PartSize)
        {
            var largest = codes->Scale;
            *codes = new PartCodes { Scale = float.IsFinite(largest) ? 0 : float.NaN };
            if (codes->Scale != 0 || largest < Negligible) continue;
            sums.Clear();
            for (var i = 0; i < Blocks.PartSize; i++)
            {
                var scaled = x[i] * (Top / largest);
                var code = MathF.Round(scaled);
                var rest = largest > typical ? Math.Clamp(MathF.Round((scaled - code) * RestsPerCode), -Top, Top) : 0;
                (codes->Codes[i], codes->Rests[i]) = ((sbyte)code, (sbyte)rest);
                sums[i / 16] += (int)code;
                sums[2 + (i / 16)] += (int)rest;
            }

            flags[p] = (byte)(largest > typical ? 1 : 0);
            Finish(codes, largest / Top, sums[0], sums[1], largest > typical, sums[2], sums[3]);
        }
    }

    /// <summary>Of the parts' largest magnitudes, which lie in their scales.</summary>
    static float RootMeanSquare(PartCodes* codes, int parts)
    {
        var squares = 0f;
        for (var p = 0; p < parts; p++) squares += codes[p].Scale * codes[p].Scale;
        return MathF.Sqrt(squares / parts);
    }

    static void Finish(PartCodes* part, float scale, int first, int second, bool hasRest, int firstRest, int secondRest)
    {
        part->Scale = scale;
        part->RestScale = hasRest ? scale / RestsPerCode : 0;
        part->Sum = scale * (first + second + ((firstRest + secondRest) / RestsPerCode));
        part->FirstSum = scale * (first + (firstRest / RestsPerCode));
        part->SecondSum = scale * (second + (secondRest / RestsPerCode));
        part->CodeSums = MinusSums.Of(first, second);
        part->RestSums = MinusSums.Of(firstRest, secondRest);
        part->HasRest = hasRest ? 1 : 0;
    }

    /// <summary>The same to the bit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Quantize(float* x, PartCodes* codes, byte* flags, int parts, float above)
    {
        for (var p = 0; p < parts; p++) codes[p].Scale = Largest(x + (p * Blocks.PartSize));
        var typical = above * RootMeanSquare(codes, parts);
        for (; parts > 0; parts--, codes++, flags++, x += Blocks.PartSize)
        {
            var largest = codes->Scale;
            if (!float.IsFinite(largest) || largest < Negligible)
            {
                *codes = new PartCodes { Scale = float.IsFinite(largest) ? 0 : float.NaN };
                continue;
            }

            var scale = Vector256.Create(Top / largest);
            var (a, b, c, d) = (Vector256.Load(x) * scale, Vector256.Load(x + 8) * scale, Vector256.Load(x + 16) * scale, Vector256.Load(x + 24) * scale);
            var (p, q, r, s) = (Round(a), Round(b), Round(c), Round(d));
            Vector256.Narrow(Vector256.Narrow(p, q), Vector256.Narrow(r, s)).Store(codes->Codes);
            var (first, second) = (Vector256.Sum(p + q), Vector256.Sum(r + s));
            if (!(largest > typical))   // also where a part of the row is not a number
            {
                Vector256<sbyte>.Zero.Store(codes->Rests);
                Finish(codes, largest / Top, first, second, false, 0, 0);
                continue;
            }

            *flags = 1;
            (p, q, r, s) = (Rest(a, p), Rest(b, q), Rest(c, r), Rest(d, s));
            Vector256.Narrow(Vector256.Narrow(p, q), Vector256.Narrow(r, s)).Store(codes->Rests);
            Finish(codes, largest / Top, first, second, true, Vector256.Sum(p + q), Vector256.Sum(r + s));
        }
    }

    /// <summary>The largest magnitude of a part. As integers, magnitudes compare like the floats, with infinity and then NaN on top.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static float Largest(float* x)
    {
        var eight = Vector256.Max(
            Vector256.Max(Magnitudes(x), Magnitudes(x + 8)), Vector256.Max(Magnitudes(x + 16), Magnitudes(x + 24)));
        var four = Vector128.Max(eight.GetLower(), eight.GetUpper());
        var two = Vector128.Max(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        return BitConverter.Int32BitsToSingle(Vector128.Max(two, Vector128.Shuffle(two, Vector128.Create(1, 0, 3, 2))).ToScalar());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> Magnitudes(float* x) => Vector256.Load((int*)x) & Vector256.Create(int.MaxValue);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> Round(Vector256<float> values)
        => (values + Vector256.Create(Rounder)).AsInt32() - Vector256.Create(Rounder).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<int> Rest(Vector256<float> scaled, Vector256<int> codes)
    {
        var rests = Round((scaled - Vector256.ConvertToSingle(codes)) * RestsPerCode);
        return Vector256.Max(Vector256.Min(rests, Vector256.Create((int)Top)), Vector256.Create(-(int)Top));
    }
}
