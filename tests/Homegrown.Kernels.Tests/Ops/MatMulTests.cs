using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Ops;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Tests.Ops;

/// <summary>Every kernel against the reference tier, and the reference tier against the definition.</summary>
public sealed class MatMulTests
{
    static readonly int[] Tokens = [0, 1, 2, 3, 4, 5, 7, 8, 17], Rows = [1, 2, 3, 5, 16, 17, 37, 45];

    /// <summary>Half the distance of two floats around 1: the relative error of one rounding.</summary>
    const double Rounding = 1.0 / (1 << 24);

    public static TheoryData<TensorType> Types => Corpus.Types;

    public static TheoryData<TensorType> CodedTypes => Corpus.CodedTypes;

    [Theory]
    [MemberData(nameof(Types))]
    public void Every_width_computes_what_the_reference_computes(TensorType type)
    {
        var seed = 0;
        for (var columns = Math.Max(32, QuantFormats.BlockSize(type)); columns <= 1024; columns += Math.Max(32, QuantFormats.BlockSize(type)))
        {
            for (var n = 0; n < (QuantFormats.BlockSize(type) == 256 ? 9 : 2); n++, seed++)
            {
                var (tokens, rows) = (Tokens[seed % Tokens.Length], Rows[seed % Rows.Length]);
                Compare(type, Corpus.Values(rows * columns, seed), Corpus.Values(tokens * columns, seed + 1, outlier: 30), columns, seed);
            }
        }
    }

    static void Compare(TensorType type, float[] weights, float[] x, int columns, int seed)
    {
        using var buffer = Corpus.Encode(type, weights, columns);
        var w = buffer.Weight(type, weights.Length / columns, columns);
        var decoded = Corpus.Decode(w);
        foreach (var exact in new[] { false, true })
        {
            var expected = Corpus.Multiply(new() { Tier = Tier.Reference, Threads = 1, Exact = exact }, x, w);
            foreach (var kernel in Corpus.Kernels)
            {
                var actual = Corpus.Multiply(kernel with { Threads = 1 + (seed % 3), Exact = exact }, x, w);
                for (var t = 0; t < x.Length / columns; t++)
                {
                    for (var r = 0; r < w.Rows; r++)
                    {
                        var bound = RoundingBound(decoded[r], x.AsSpan(t * columns, columns));
                        if (type == TensorType.BF16 && kernel.Tier == Tier.Emitted && !exact) bound += BrainBound(decoded[r], x.AsSpan(t * columns, columns));
                        Assert.True(
                            Math.Abs(actual[t, r] - expected[t, r]) <= bound,
                            $"{type} {columns} columns, {kernel}, exact {exact}, token {t}, row {r}: {actual[t, r]}, reference {expected[t, r]}, bound {bound}");
                    }
                }
            }
        }
    }

    /// <summary>
    /// Float sums of n terms, in any order, err by at most n roundings of the sum of magnitudes; a part adds at most 6 roundings of
    /// its own. A term scale * code is at most 4 times the row's largest weight (range, minimum and bias each within twice of it).
    /// </summary>
    static double RoundingBound(ReadOnlySpan<float> w, ReadOnlySpan<float> x)
    {
        var (largest, sum) = (0.0, 0.0);
        foreach (var value in w) largest = Math.Max(largest, Math.Abs(value));
        foreach (var value in x) sum += Math.Abs(value);
        return ((w.Length / 32 * 6) + 32) * Rounding * 4 * largest * sum;
    }

    /// <summary>
    /// VDPBF16PS takes activations in bfloat16 (8 significant bits): each errs by 2^-8 of itself at most, and a subnormal product or
    /// sum counts as 0.
    /// </summary>
    static double BrainBound(ReadOnlySpan<float> w, ReadOnlySpan<float> x)
    {
        var sum = 0.0;
        for (var c = 0; c < w.Length; c++) sum += Math.Abs((double)w[c] * x[c]);
        return (sum / 256) + (2 * w.Length * 1.1754944e-38);
    }

    [Theory]
    [MemberData(nameof(CodedTypes))]
    public void Activations_err_by_half_a_step_each_at_most(TensorType type)
    {
        const int Columns = 768, Count = 9;
        using var buffer = Corpus.Encode(type, Corpus.Values(Count * Columns, 3), Columns);
        var w = buffer.Weight(type, Count, Columns);
        var x = Corpus.Values(5 * Columns, 4, outlier: 100);
        var decoded = Corpus.Decode(w);
        foreach (var kernel in Corpus.Kernels.Prepend(new() { Tier = Tier.Reference }))
        {
            var fast = Corpus.Multiply(kernel with { Threads = 2 }, x, w);
            for (var t = 0; t < 5; t++)
            {
                var largest = Enumerable.Range(0, Columns / 32).Select(part => x.Skip((t * Columns) + (part * 32)).Take(32).Max(MathF.Abs)).ToArray();
                var typical = 1.2 * Math.Sqrt(largest.Average(value => value * value));
                for (var r = 0; r < Count; r++)
                {
                    var (sum, bound) = (0.0, RoundingBound(decoded[r], x.AsSpan(t * Columns, Columns)));
                    for (var c = 0; c < Columns; c++)
                    {
                        sum += (double)decoded[r][c] * x[(t * Columns) + c];
                        var step = largest[c / 32] / 127 / (largest[c / 32] > typical * 1.001 ? 256 : 1);
                        bound += Math.Abs(decoded[r][c]) * step * 0.501;
                    }

                    Assert.InRange(fast[t, r], sum - bound, sum + bound);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void A_row_depends_on_neither_its_company_nor_the_threads(TensorType type)
    {
        const int Columns = 1024, Count = 75;
        using var buffer = Corpus.Encode(type, Corpus.Values(Count * Columns, 5), Columns);
        var w = buffer.Weight(type, Count, Columns);
        var x = Corpus.Values(33 * Columns, 6, outlier: 10);
        foreach (var kernel in Corpus.Kernels)
        {
            foreach (var exact in new[] { false, true })
            {
                var batch = Corpus.Multiply(kernel with { Threads = 3, Exact = exact }, x, w);
                foreach (var (from, tokens) in new[] { (0, 1), (31, 2), (7, 3), (11, 4), (20, 13) })
                {
                    var some = Corpus.Multiply(kernel with { Threads = 1, Exact = exact }, x.AsSpan(from * Columns, tokens * Columns), w);
                    for (var t = 0; t < tokens; t++)
                        for (var r = 0; r < Count; r++) Assert.Equal(batch[from + t, r], some[t, r]);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(CodedTypes))]
    public void Codes_and_activations_at_their_extremes_do_not_saturate(TensorType type)
    {
        const int Columns = 512;
        foreach (var (w, x) in new (Func<int, float> W, Func<int, float> X)[]
        {
            (_ => 1, _ => 1), (_ => 1, _ => -1), (_ => -1, _ => 1), (c => c % 2 == 0 ? 1 : -1, c => c % 2 == 0 ? 1 : -1),
            (c => c % 32 == 31 ? -1 : 1, _ => 1), (c => c % 32 == 0 ? 1 : -1, _ => -1), (c => c % 32 < 16 ? 1 : -1, c => c % 32 < 16 ? -1 : 1),
        })
        {
            var weights = Enumerable.Range(0, 17 * Columns).Select(w).ToArray();
            Compare(type, weights, [.. Enumerable.Range(0, Columns).Select(x)], Columns, 0);
            Compare(type, weights, [.. Enumerable.Range(0, 9 * Columns).Select(x)], Columns, 1);
        }
    }

    [Fact]
    public void The_code_minus_128_of_Q8_0_is_exact()
    {
        const int Columns = 64, Count = 17;
        using var buffer = new NativeBuffer(Count * 2 * 34);
        buffer.Span(0, (int)buffer.Bytes).Fill(0x80);
        for (var block = 0; block < Count * 2; block++) BitConverter.TryWriteBytes(buffer.Span(block * 34, 2), (Half)1);
        var x = Enumerable.Repeat(-127f, 9 * Columns).ToArray();
        foreach (var kernel in Corpus.Kernels)
        {
            foreach (var tokens in new[] { 1, 9 })
            {
                var y = Corpus.Multiply(kernel with { Threads = 1 }, x.AsSpan(0, tokens * Columns), buffer.Weight(TensorType.Q8_0, Count, Columns));
                foreach (var value in y) Assert.Equal(128f * 127 * Columns, value);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void NaN_and_infinity_in_an_activation_make_its_token_NaN_and_no_other(TensorType type)
    {
        const int Columns = 512, Count = 6, Tokens = 6;
        using var buffer = Corpus.Encode(type, Corpus.Values(Count * Columns, 7), Columns);
        var w = buffer.Weight(type, Count, Columns);
        foreach (var bad in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            foreach (var options in Corpus.Kernels.Prepend(new() { Tier = Tier.Reference }))
            {
                var x = Corpus.Values(Tokens * Columns, 8);
                x[(2 * Columns) + 37] = bad;
                var y = Corpus.Multiply(options with { Threads = 1 }, x, w);
                for (var t = 0; t < Tokens; t++)
                    for (var r = 0; r < Count; r++) Assert.Equal(t != 2, float.IsFinite(y[t, r]));
                if (!float.IsNaN(bad) && !QuantFormats.IsCoded(type)) continue; // in float32, infinity times a weight may be infinity
                for (var r = 0; r < Count; r++) Assert.True(float.IsNaN(y[2, r]));
            }
        }
    }

    [Theory]
    [MemberData(nameof(CodedTypes))]
    public void Zeros_and_denormals_give_zero_or_as_little(TensorType type)
    {
        const int Columns = 256, Count = 5;
        using var buffer = Corpus.Encode(type, Corpus.Values(Count * Columns, 9), Columns);
        foreach (var value in new[] { 0f, -0f, float.Epsilon, -float.Epsilon, 1e-38f, 1e-31f })
        {
            var x = Enumerable.Repeat(value, 5 * Columns).ToArray();
            foreach (var kernel in Corpus.Kernels)
            {
                foreach (var y in Corpus.Multiply(kernel with { Threads = 1 }, x, buffer.Weight(type, Count, Columns)))
                    Assert.InRange(MathF.Abs(y), 0, 2 * Columns * MathF.Abs(value));
            }
        }
    }

    [Fact]
    public void Scales_that_are_not_finite_stay_so()
    {
        foreach (var type in new[] { TensorType.Q4_1, TensorType.Q8_0 })
        {
            using var buffer = Corpus.Encode(type, Corpus.Values(6 * 64, 10), 64);
            BitConverter.TryWriteBytes(buffer.Span(3 * QuantFormats.RowBytes(type, 64), 2), Half.PositiveInfinity);
            foreach (var kernel in Corpus.Kernels)
            {
                foreach (var tokens in new[] { 1, 5 })
                {
                    var y = Corpus.Multiply(kernel with { Threads = 1 }, Corpus.Values(tokens * 64, 11), buffer.Weight(type, 6, 64));
                    for (var t = 0; t < tokens; t++)
                        for (var r = 0; r < 6; r++) Assert.Equal(r != 3, float.IsFinite(y[t, r]));
                }
            }
        }
    }

    [Fact]
    public void Parts_of_different_formats_lie_one_below_the_other()
    {
        const int Columns = 256;
        TensorType[] types = [TensorType.Q4_1, TensorType.F16, TensorType.Q6_K, TensorType.Q8_0, TensorType.F32];
        var buffers = types.Select((type, i) => Corpus.Encode(type, Corpus.Values((5 + i) * Columns, 20 + i), Columns)).ToArray();
        var parts = types.Select((type, i) => buffers[i].Weight(type, 5 + i, Columns)).ToArray();
        var x = Corpus.Values(6 * Columns, 30);
        foreach (var kernel in Corpus.Kernels)
        {
            var options = kernel with { Threads = 2 };
            var whole = Corpus.Multiply(options, x, parts);
            Assert.Equal(35, whole.GetLength(1));
            var column = 0;
            foreach (var part in parts)
            {
                var alone = Corpus.Multiply(options, x, part);
                for (var t = 0; t < 6; t++)
                    for (var r = 0; r < part.Rows; r++) Assert.Equal(alone[t, r], whole[t, column + r]);
                column += part.Rows;
            }
        }

        foreach (var buffer in buffers) buffer.Dispose();
    }

    [Theory]
    [InlineData(3)]
    [InlineData(70)]
    public void A_part_with_fine_inputs_is_as_if_alone_and_nearer_to_floats(int tokens)
    {
        const int Columns = 512, Rows = 48;
        using var buffer = Corpus.Encode(TensorType.Q4_1, Corpus.Values(Rows * Columns, 31), Columns);
        var common = buffer.Weight(TensorType.Q4_1, Rows, Columns);
        var fine = common with { FineInputs = true };
        var x = Corpus.Values(tokens * Columns, 32);
        var exact = Corpus.Multiply(new() { Exact = true, Tier = Tier.Reference, Threads = 1 }, x, common);
        foreach (var kernel in Corpus.Kernels)
        {
            var options = kernel with { Threads = 2 };
            var (alone, whole) = (Corpus.Multiply(options, x, fine), Corpus.Multiply(options, x, common, fine));
            var (commonError, fineError) = (0.0, 0.0);
            for (var t = 0; t < tokens; t++)
            {
                for (var r = 0; r < Rows; r++)
                {
                    Assert.Equal(alone[t, r], whole[t, Rows + r]);
                    commonError += Math.Pow(whole[t, r] - exact[t, r], 2);
                    fineError += Math.Pow(alone[t, r] - exact[t, r], 2);
                }
            }

            Assert.InRange(fineError, 0, commonError / 1000);
        }
    }

    [Fact]
    public void A_slice_of_a_wider_tensor_multiplies_like_a_copy()
    {
        using var buffer = Corpus.Encode(TensorType.Q4_1, Corpus.Values(7 * 64, 12), 64);
        var matrix = new Matrix(buffer.Weight(TensorType.Q4_1, 7, 64));
        var values = Corpus.Values(5 * 192, 13);
        using var compute = new Compute(new() { Threads = 1 });
        var slice = Corpus.Rent(compute, values, 192).Slice(64, 64);
        var copy = compute.Rent(5, 64);
        for (var t = 0; t < 5; t++) slice.Row(t).CopyTo(copy.Row(t));
        var (y, z) = (MatMul.Forward(slice, matrix), MatMul.Forward(copy, matrix));
        for (var t = 0; t < 5; t++) Assert.Equal(z.Row(t), y.Row(t));
    }

    [Fact]
    public void Columns_of_floats_need_no_multiple()
    {
        foreach (var columns in new[] { 1, 3, 17, 31, 100 })
            foreach (var type in Corpus.Floats) Compare(type, Corpus.Values(6 * columns, columns), Corpus.Values(5 * columns, columns + 1), columns, 1);
    }

    [Theory]
    [InlineData(TensorType.Q4_1, 1)]
    [InlineData(TensorType.Q8_0, 40)]
    [InlineData(TensorType.F16, 1)]
    [InlineData(TensorType.Q6_K, 40)]
    public void A_steady_state_allocates_nothing(TensorType type, int tokens)
    {
        using var buffer = Corpus.Encode(type, Corpus.Values(40 * 256, 14), 256);
        var matrix = new Matrix(buffer.Weight(type, 40, 256));
        using var compute = new Compute(new() { Threads = 2 });
        var values = Corpus.Values(tokens * 256, 15);
        var (managed, native) = (0L, 0L);
        for (var step = 0; step < 20; step++)
        {
            if (step == 10) (managed, native) = (GC.GetAllocatedBytesForCurrentThread(), compute.Arena.Bytes);
            MatMul.Forward(Corpus.Rent(compute, values, 256), matrix);
            compute.Reset();
        }

        Assert.Equal(managed, GC.GetAllocatedBytesForCurrentThread());
        Assert.Equal(native, compute.Arena.Bytes);
    }

    [Fact]
    public void Columns_that_do_not_match_are_named()
    {
        using var buffer = Corpus.Encode(TensorType.F32, Corpus.Values(64, 16), 32);
        using var compute = new Compute(new() { Threads = 1 });
        var matrix = new Matrix(buffer.Weight(TensorType.F32, 2, 32));
        Assert.Contains("31 columns", Assert.Throws<ArgumentException>(() => MatMul.Forward(compute.Rent(1, 31), matrix)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new Matrix());
        Assert.Throws<ArgumentException>(() => new Matrix(buffer.Weight(TensorType.F32, 2, 32), buffer.Weight(TensorType.F32, 4, 16)));
    }
}
