using System.Runtime.InteropServices;
using Homegrown.Kernels.Emit;
using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Ops.Products;
using Homegrown.Kernels.Quant;
using Homegrown.Kernels.Tests.Emit;

namespace Homegrown.Kernels.Tests.Ops;

/// <summary>Products of many tokens in tiles: by the processor where it has them, else by their twin, which computes the same.</summary>
public sealed unsafe class AmxProductTests
{
    static readonly ComputeOptions Amx = new() { Tier = Tier.Amx, Threads = 2 }, Emitted = Amx with { Tier = Tier.Emitted };

    /// <summary>Relative: bfloat16 has 8 significant bits.</summary>
    const double Rounding = 1.0 / 256;

    public static TheoryData<TensorType> Types => Corpus.Types;

    public static TheoryData<TensorType> CodedTypes => Corpus.CodedTypes;

    public AmxProductTests() => Assert.SkipUnless(EmittedKernels.AreSupported, "this processor has no AVX-512 VNNI, which the tier of AMX asks for");

    /// <summary>Of 16 rows from <paramref name="first"/> on, [lane, columns].</summary>
    static ushort[,] Unpack(Weight w, int first)
    {
        using var pairs = new NativeBuffer((long)w.Columns * TileConfiguration.MaxRows * sizeof(ushort));
        Product.Of(w.Type).UnpackPairs(w, first, pairs.Data);
        var values = new ushort[16, w.Columns];
        for (var lane = 0; lane < 16; lane++)
            for (var c = 0; c < w.Columns; c++) values[lane, c] = ((ushort*)pairs.Data)[(c / 2 * 32) + (2 * lane) + (c % 2)];
        return values;
    }

    [Theory, MemberData(nameof(CodedTypes))]
    public void Codes_become_the_nearest_bfloat16(TensorType type)
    {
        const int Columns = 768, Rows = 37;
        using var buffer = Corpus.Encode(type, Corpus.Values(Rows * Columns, 1), Columns);
        using var compute = new Compute(Amx);
        using var packing = new PackedWeights(compute);
        var stored = buffer.Weight(type, Rows, Columns);
        var decoded = Corpus.Decode(stored);
        foreach (var w in packing.Serves(stored) ? [stored, packing.Pack(stored)] : new[] { stored })
        {
            for (var first = 0; first < Rows; first += 16)
            {
                var pairs = Unpack(w, first);
                for (var lane = 0; lane < Math.Min(16, Rows - first); lane++)
                {
                    for (var c = 0; c < Columns; c++)
                    {
                        // A minimum is added without rounding the product first: seldom the neighbour, where the value lies between two.
                        var (got, value) = (pairs[lane, c], decoded[first + lane][c]);
                        if (KernelLayouts.Unpacked(type).HasMin) Assert.InRange(BF16.ToSingle(got), value - (Math.Abs(value) * Rounding) - 1e-6, value + (Math.Abs(value) * Rounding) + 1e-6);
                        else Assert.Equal(BF16.ToSingle(BF16.FromSingle(value)) + 0f, BF16.ToSingle(got) + 0f);   // zeros of either sign
                    }
                }
            }
        }
    }

    [Fact]
    public void Every_half_becomes_the_nearest_bfloat16_and_every_bfloat16_stays()
    {
        const int Columns = 4096;
        using var buffer = new NativeBuffer(16 * Columns * sizeof(ushort));
        var bits = MemoryMarshal.Cast<byte, ushort>(buffer.Span(0, (int)buffer.Bytes));
        for (var i = 0; i < bits.Length; i++) bits[i] = (ushort)i;
        var (halves, brains) = (Unpack(buffer.Weight(TensorType.F16, 16, Columns), 0), Unpack(buffer.Weight(TensorType.BF16, 16, Columns), 0));
        for (var i = 0; i < bits.Length; i++)
        {
            var (value, half) = (F16.ToSingle((ushort)i), halves[i / Columns, i % Columns]);
            Assert.Equal(i, brains[i / Columns, i % Columns]);
            if (float.IsNaN(value)) Assert.True(float.IsNaN(BF16.ToSingle(half)), $"half {i:x4}: {half:x4}");
            else Assert.Equal(BF16.FromSingle(value), half);
        }
    }

    [Theory, InlineData(0x7FFF), InlineData(0xFE00), InlineData(0x7C00)]
    public void Scales_that_are_not_finite_stay_so(int scale)
    {
        foreach (var type in (TensorType[])[TensorType.Q8_0, TensorType.Q4_0, TensorType.Q4_1])
        {
            using var buffer = Corpus.Encode(type, Corpus.Values(16 * 32, 2), 32);
            BitConverter.TryWriteBytes(buffer.Span(3 * QuantFormats.RowBytes(type, 32), 2), (ushort)scale);
            var pairs = Unpack(buffer.Weight(type, 16, 32), 0);
            for (var lane = 0; lane < 16; lane++)
                for (var c = 0; c < 32; c++) Assert.Equal(lane != 3, float.IsFinite(BF16.ToSingle(pairs[lane, c])));
        }
    }

    [Theory, MemberData(nameof(Types))]
    public void Outputs_err_by_the_rounding_of_weights_and_activations_at_most(TensorType type)
    {
        foreach (var (tokens, rows, columns) in ((int, int, int)[])[(32, 16, 256), (33, 1, 512), (47, 33, 256), (65, 70, 768), (100, 85, 1280)])
        {
            var x = Corpus.Values(tokens * columns, tokens, outlier: 30);
            using var buffer = Corpus.Encode(type, Corpus.Values(rows * columns, rows), columns);
            var w = buffer.Weight(type, rows, columns);
            var (y, decoded) = (Corpus.Multiply(Amx, x, w), Corpus.Decode(w));
            for (var t = 0; t < tokens; t++)
            {
                for (var r = 0; r < rows; r++)
                {
                    var (sum, magnitudes) = (0.0, 0.0);
                    for (var c = 0; c < columns; c++)
                    {
                        var product = (double)decoded[r][c] * x[(t * columns) + c];
                        sum += product;
                        magnitudes += Math.Abs(product);
                    }

                    var bound = 1e-4 + (magnitudes * ((2 * Rounding) + (Rounding * Rounding) + (columns / 16777216.0)));
                    Assert.InRange(y[t, r], sum - bound, sum + bound);
                }
            }
        }
    }

    [Theory, MemberData(nameof(Types))]
    public void A_row_depends_on_neither_its_company_of_many_nor_the_threads(TensorType type)
    {
        const int Columns = 1024, Rows = 75, Tokens = 100;
        using var buffer = Corpus.Encode(type, Corpus.Values(Rows * Columns, 5), Columns);
        var w = buffer.Weight(type, Rows, Columns);
        var x = Corpus.Values(Tokens * Columns, 6, outlier: 10);
        var all = Corpus.Multiply(Amx with { Threads = 3 }, x, w);
        foreach (var (from, tokens) in ((int, int)[])[(0, 32), (13, 47), (35, 65)])
        {
            var some = Corpus.Multiply(Amx with { Threads = 1 }, x.AsSpan(from * Columns, tokens * Columns), w);
            for (var t = 0; t < tokens; t++)
                for (var r = 0; r < Rows; r++) Assert.Equal(all[from + t, r], some[t, r]);
        }
    }

    [Theory, MemberData(nameof(Types))]
    public void Few_tokens_and_exact_products_are_the_emitted_tiers(TensorType type)
    {
        const int Columns = 256, Rows = 21;
        using var buffer = Corpus.Encode(type, Corpus.Values(Rows * Columns, 7), Columns);
        var w = buffer.Weight(type, Rows, Columns);
        var x = Corpus.Values(AmxProducts.MinTokens * Columns, 8, outlier: 10);
        var few = x[Columns..];
        Assert.Equal(Corpus.Multiply(Emitted, few, w), Corpus.Multiply(Amx, few, w));
        Assert.Equal(Corpus.Multiply(Emitted with { Exact = true }, x, w), Corpus.Multiply(Amx with { Exact = true }, x, w));
        if (type == TensorType.F32) Assert.Equal(Corpus.Multiply(Emitted, x, w), Corpus.Multiply(Amx, x, w));
        else Assert.NotEqual(Corpus.Multiply(Emitted, x, w), Corpus.Multiply(Amx, x, w));
    }

    [Fact]
    public void Parts_in_tiles_and_parts_of_float32_lie_one_below_the_other()
    {
        const int Columns = 256, Tokens = 40;
        TensorType[] types = [TensorType.Q4_K, TensorType.F32, TensorType.F16, TensorType.IQ4_XS, TensorType.BF16];
        var buffers = types.Select((type, i) => Corpus.Encode(type, Corpus.Values((17 + i) * Columns, i), Columns)).ToArray();
        var parts = types.Select((type, i) => buffers[i].Weight(type, 17 + i, Columns)).ToArray();
        var x = Corpus.Values(Tokens * Columns, 9);
        var (whole, column) = (Corpus.Multiply(Amx, x, parts), 0);
        foreach (var part in parts)
        {
            var alone = Corpus.Multiply(Amx, x, part);
            for (var t = 0; t < Tokens; t++)
                for (var r = 0; r < part.Rows; r++) Assert.Equal(alone[t, r], whole[t, column + r]);
            column += part.Rows;
        }

        foreach (var buffer in buffers) buffer.Dispose();
    }

    [Theory, InlineData(float.NaN), InlineData(float.PositiveInfinity)]
    public void An_activation_that_is_not_finite_spoils_its_token_and_no_other(float bad)
    {
        const int Columns = 256, Rows = 6, Tokens = 50;
        using var buffer = Corpus.Encode(TensorType.Q8_0, Corpus.Values(Rows * Columns, 10), Columns);
        var x = Corpus.Values(Tokens * Columns, 11);
        x[(37 * Columns) + 5] = bad;
        var y = Corpus.Multiply(Amx, x, buffer.Weight(TensorType.Q8_0, Rows, Columns));
        for (var t = 0; t < Tokens; t++)
            for (var r = 0; r < Rows; r++) Assert.Equal(t != 37, float.IsFinite(y[t, r]));
    }

    [Fact]
    public void A_steady_state_allocates_nothing()
    {
        const int Columns = 256, Rows = 70, Tokens = 70;
        using var buffer = Corpus.Encode(TensorType.Q4_1, Corpus.Values(Rows * Columns, 12), Columns);
        var matrix = new Homegrown.Kernels.Ops.Matrix(buffer.Weight(TensorType.Q4_1, Rows, Columns));
        using var compute = new Compute(Amx);
        var values = Corpus.Values(Tokens * Columns, 13);
        var (managed, native) = (0L, 0L);
        for (var step = 0; step < 20; step++)
        {
            if (step == 10) (managed, native) = (GC.GetAllocatedBytesForCurrentThread(), compute.Arena.Bytes);
            Homegrown.Kernels.Ops.MatMul.Forward(Corpus.Rent(compute, values, Columns), matrix);
            compute.Reset();
        }

        Assert.Equal(managed, GC.GetAllocatedBytesForCurrentThread());
        Assert.Equal(native, compute.Arena.Bytes);
    }
}
