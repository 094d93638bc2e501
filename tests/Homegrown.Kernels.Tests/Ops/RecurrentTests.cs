using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Ops;

namespace Homegrown.Kernels.Tests.Ops;

/// <summary>
/// Recurrences of several sequences in ragged steps, in every tier and width, against the same written one token after the other in
/// double.
/// </summary>
public sealed class RecurrentTests
{
    static readonly (Tier Tier, int VectorBits)[] Tiers = [(Tier.Reference, 0), (Tier.Portable, 128), (Tier.Portable, 256), (Tier.Portable, 512)];

    // Rows of each step: sequence and tokens.
    static readonly (int Sequence, int Tokens)[][] Steps = [[(0, 20), (1, 1), (2, 7)], [(1, 3), (0, 1), (2, 1)], [(2, 2), (0, 1)]];

    [Theory]
    [InlineData(4, 4, 16, 32)]
    [InlineData(3, 1, 13, 21)]
    public void Lightning_attention_has_a_decay_for_each_head(int heads, int keyHeads, int keyDim, int valueDim)
        => Check(new(heads, keyHeads, keyDim, valueDim), new() { Rates = Rates(heads), Scale = 0.25f });

    [Theory]
    [InlineData(4, 2, 32, 32)]
    [InlineData(3, 3, 15, 40)]
    public void The_gated_delta_rule_has_a_decay_and_a_beta_for_each_row_and_head(int heads, int keyHeads, int keyDim, int valueDim)
        => Check(new(heads, keyHeads, keyDim, valueDim), new() { Rates = Rates(heads), Delta = true }, stepsOf: 1, beta: true);

    [Fact]
    public void Tiled_heads_have_key_heads_in_turn()
        => Check(new(6, 2, 8, 16) { Tiled = true }, new() { Rates = Rates(6), Delta = true }, stepsOf: 1, beta: true);

    [Theory]
    [InlineData(2, 32, 32)]
    [InlineData(3, 9, 17)]
    public void Kimi_delta_attention_has_a_decay_for_each_channel(int heads, int keyDim, int valueDim)
        => Check(new(heads, heads, keyDim, valueDim), new() { Rates = Rates(heads), Delta = true, Scale = 0.5f }, stepsOf: keyDim, beta: true);

    [Fact]
    public void Mamba_2_enters_by_its_step_and_skips_by_D()
        => Check(new(8, 2, 16, 24), new() { Rates = Rates(8), Skip = [1, 2, 3, 4, 5, 6, 7, 8] }, stepsOf: 1, beta: true);

    [Theory]
    [InlineData(6, 2)]
    [InlineData(80, 2)]
    [InlineData(5, 5)]
    public void Bounded_steps_have_a_rate_for_each_head(int columns, int heads)
    {
        float[] values = Numbers(1, 3 * columns), bias = Numbers(2, columns), rates = Numbers(3, heads);
        foreach (var (tier, bits) in Tiers)
        {
            using var compute = new Compute(new() { Tier = tier, MaxVectorBits = bits, Threads = 1 });
            var x = Corpus.Rent(compute, values, columns);
            var (y, plain) = (TimeStep.Bounded(x, bias, rates, 5), TimeStep.Bounded(x));
            for (var i = 0; i < values.Length; i++)
            {
                var (row, column) = (i / columns, i % columns);
                Assert.Equal(5 / (1 + Math.Exp(-rates[column / (columns / heads)] * (values[i] + (double)bias[column]))), y.Row(row)[column], 1e-6);
                Assert.Equal(1 / (1 + Math.Exp(-values[i])), plain.Row(row)[column], 1e-6);
            }
        }
    }

    [Fact]
    public void Groups_of_a_norm_have_a_gain_for_every_column()
    {
        float[] values = Numbers(1, 2 * 12), gain = Numbers(2, 12);
        foreach (var (tier, bits) in Tiers)
        {
            using var compute = new Compute(new() { Tier = tier, MaxVectorBits = bits, Threads = 1 });
            var y = RmsNorm.Forward(Corpus.Rent(compute, values, 12), gain, 1e-5f, group: 4);
            for (var i = 0; i < values.Length; i++)
            {
                var mean = values.Skip(i / 4 * 4).Take(4).Average(value => (double)value * value);
                Assert.Equal(values[i] / Math.Sqrt(mean + 1e-5) * gain[i % 12], y.Row(i / 12)[i % 12], 1e-6);
            }
        }
    }

    [Theory]
    [InlineData(4, 3, true)]
    [InlineData(300, 4, true)]
    [InlineData(257, 3, false)]
    [InlineData(5, 1, false)]
    public void A_short_convolution_sees_the_tail_of_the_step_before(int channels, int width, bool silu)
    {
        float[] weight = Numbers(1, width * channels), bias = Numbers(2, channels);
        foreach (var (tier, bits) in Tiers)
        {
            using var compute = new Compute(new() { Tier = tier, MaxVectorBits = bits, Threads = 3 });
            using var slots = new StateSlots(3, (width - 1) * channels);
            var history = new Dictionary<int, List<float[]>>();
            foreach (var step in Steps)
            {
                compute.Reset();
                var rows = RowsOf(step);
                var x = Corpus.Rent(compute, Numbers(rows.Rows, rows.Rows * channels), channels);
                var y = CausalConvolution.Forward(x, weight, bias, silu, new(slots, 0, (width - 1) * channels), rows);
                foreach (var segment in rows.Segments)
                {
                    var inputs = history.TryGetValue(segment.Slot, out var known) ? known : history[segment.Slot] = [];
                    for (var row = segment.FirstRow; row < segment.FirstRow + segment.Rows; row++)
                    {
                        inputs.Add(x.Row(row).ToArray());
                        for (var c = 0; c < channels; c++)
                        {
                            double sum = bias[c];
                            for (var j = 0; j < width && j < inputs.Count; j++) sum += (double)weight[((width - 1 - j) * channels) + c] * inputs[^(j + 1)][c];
                            Assert.Equal(silu ? sum / (1 + Math.Exp(-sum)) : sum, y.Row(row)[c], 1e-6);
                        }
                    }
                }
            }
        }
    }

    [Fact]
    public void A_snapshot_brings_back_what_a_sequence_was_and_nothing_of_others()
    {
        using var compute = new Compute(new() { Threads = 1 });
        using var slots = new StateSlots(2, 8);
        using var snapshot = new StateSnapshot(8);
        var options = new RecurrenceOptions { Rates = [-0.1f] };
        var one = Run(0);
        slots.Save(0, snapshot);
        var (two, other) = (Run(0), Run(1));
        Assert.Equal(one, other);
        slots.Restore(0, snapshot);
        Assert.Equal(two, Run(0));
        slots.Clear(0);
        Assert.Equal(one, Run(0));
        Assert.NotEqual(other, Run(1));
        Assert.Contains("none of states", Assert.Throws<ArgumentException>(() => slots.Save(0, new StateSnapshot(9))).Message);

        float[] Run(int slot)
        {
            var rows = new RaggedRows();
            rows.Add(1, 0, [], slot);
            var (q, v) = (Corpus.Rent(compute, [1, 2], 2), Corpus.Rent(compute, [1, 2, 3, 4], 4));
            return LinearRecurrence.Forward(q, q, v, null, null, new(slots, 0, 8), rows, new(1, 1, 2, 4), options).Row(0).ToArray();
        }
    }

    [Fact]
    public void A_sequence_without_a_slot_is_refused()
    {
        using var compute = new Compute(new() { Threads = 1 });
        using var slots = new StateSlots(1, 4);
        var rows = new RaggedRows();
        rows.Add(1, 0, []);
        var x = Corpus.Rent(compute, [1, 2], 2);
        Assert.Contains("Slot -1 of 1", Assert.Throws<ArgumentException>(
            () => LinearRecurrence.Forward(x, x, x, null, null, new(slots, 0, 4), rows, new(1, 1, 2, 2), new() { Rates = [-1] })).Message);
        Assert.Contains("Slot -1 of 1", Assert.Throws<ArgumentException>(
            () => CausalConvolution.Forward(x, [1, 1, 1, 1, 1, 1], [], false, new(slots, 0, 4), rows)).Message);
    }

    /// <param name="stepsOf">Steps for each row and head: none, one, or one for each channel.</param>
    static void Check(RecurrenceShape shape, RecurrenceOptions options, int stepsOf = 0, bool beta = false)
    {
        foreach (var (tier, bits) in Tiers)
        {
            using var compute = new Compute(new() { Tier = tier, MaxVectorBits = bits, Threads = 3 });
            using var slots = new StateSlots(3, shape.StateFloats + 5);
            var states = new Dictionary<int, double[,,]>();
            foreach (var step in Steps)
            {
                compute.Reset();
                var rows = RowsOf(step);
                Tensor Rent(int seed, int columns) => Corpus.Rent(compute, Numbers(seed + rows.Rows, rows.Rows * columns), columns);
                var (q, k, v) = (Rent(1, shape.KeyHeads * shape.KeyDim), Rent(2, shape.KeyHeads * shape.KeyDim), Rent(3, shape.Heads * shape.ValueDim));
                Tensor? steps = stepsOf > 0 ? Positive(Rent(4, shape.Heads * stepsOf)) : null, factor = beta ? Positive(Rent(5, shape.Heads)) : null;
                var y = LinearRecurrence.Forward(q, k, v, steps, factor, new(slots, 5, shape.StateFloats), rows, shape, options);
                foreach (var segment in rows.Segments)
                {
                    var state = states.TryGetValue(segment.Slot, out var known) ? known : states[segment.Slot] = new double[shape.Heads, shape.KeyDim, shape.ValueDim];
                    for (var row = segment.FirstRow; row < segment.FirstRow + segment.Rows; row++)
                    {
                        var expected = Token(shape, options, state, q, k, v, steps, factor, row);
                        var actual = y.Row(row);
                        var (error, norm) = (0.0, 0.0);
                        for (var i = 0; i < expected.Length; i++) (error, norm) = (error + Math.Pow(expected[i] - actual[i], 2), norm + (expected[i] * expected[i]));
                        Assert.True(error <= 1e-12 * norm, $"{tier} {bits}, row {row}: NMSE {error / norm:g3}");
                    }
                }
            }
        }
    }

    /// <summary>One token, as the papers write it.</summary>
    static double[] Token(RecurrenceShape shape, RecurrenceOptions options, double[,,] state, Tensor q, Tensor k, Tensor v, Tensor? steps, Tensor? beta, int row)
    {
        var y = new double[shape.Heads * shape.ValueDim];
        for (var head = 0; head < shape.Heads; head++)
        {
            var shared = (shape.Tiled ? head % shape.KeyHeads : head / (shape.Heads / shape.KeyHeads)) * shape.KeyDim;
            for (var d = 0; d < shape.KeyDim; d++)
            {
                double step = steps is not { } given ? 1 : given.Row(row)[given.Columns == shape.Heads ? head : (head * shape.KeyDim) + d];
                for (var i = 0; i < shape.ValueDim; i++) state[head, d, i] *= Math.Exp(options.Rates[head] * step);
            }

            for (var i = 0; i < shape.ValueDim; i++)
            {
                double value = v.Row(row)[(head * shape.ValueDim) + i], enters = value, sum = 0;
                if (options.Delta) for (var d = 0; d < shape.KeyDim; d++) enters -= state[head, d, i] * k.Row(row)[shared + d];
                enters *= beta is { } factor ? factor.Row(row)[head] : 1;
                for (var d = 0; d < shape.KeyDim; d++)
                {
                    state[head, d, i] += k.Row(row)[shared + d] * enters;
                    sum += state[head, d, i] * q.Row(row)[shared + d];
                }

                y[(head * shape.ValueDim) + i] = (sum * options.Scale) + (options.Skip is { } skip ? skip[head] * value : 0);
            }
        }

        return y;
    }

    static RaggedRows RowsOf((int Sequence, int Tokens)[] step)
    {
        var rows = new RaggedRows();
        foreach (var (sequence, tokens) in step) rows.Add(tokens, 0, [], sequence);
        return rows;
    }

    static float[] Rates(int heads) => [.. Enumerable.Range(1, heads).Select(h => -0.3f / h)];

    static float[] Numbers(int seed, int count) => [.. Corpus.Values(count, seed).Select(value => value * 0.5f)];

    static Tensor Positive(Tensor x)
    {
        for (var row = 0; row < x.Rows; row++)
            foreach (ref var value in x.Row(row)) value = MathF.Abs(value);
        return x;
    }
}
