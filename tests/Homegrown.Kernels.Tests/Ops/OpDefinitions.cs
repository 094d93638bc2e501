using Homegrown.Kernels.Memory;
using Homegrown.Kernels.Ops;
using Homegrown.Kernels.Quant;

namespace Homegrown.Kernels.Tests.Ops;

/// <summary>What an operation gave, what its definition gives in double, and the bytes that the call put on the managed heap.</summary>
sealed record OpRun(float[] Actual, double[] Expected, long Allocated);

/// <summary>The operations as formulas over arrays, each with the call that it is compared to.</summary>
static unsafe partial class OpDefinitions
{
    public delegate OpRun Definition(Compute compute, int length, int rows, Func<Random, float> value);

    public static IReadOnlyDictionary<string, Definition> All { get; } = new Dictionary<string, Definition>
    {
        [nameof(Activate)] = OfActivate,
        [nameof(Add)] = OfAdd,
        [nameof(Attention)] = OfAttention,
        [nameof(CausalConvolution)] = OfCausalConvolution,
        [nameof(ChooseKeys)] = OfChooseKeys,
        [nameof(Embedding)] = OfEmbedding,
        [nameof(Gated)] = OfGated,
        [nameof(LayerNorm)] = OfLayerNorm,
        [nameof(LinearRecurrence)] = OfLinearRecurrence,
        [nameof(MatMul)] = OfMatMul,
        [nameof(MixStreams)] = OfMixStreams,
        [nameof(Multiply)] = OfMultiply,
        [nameof(PoolWindows)] = OfPoolWindows,
        [nameof(RmsNorm)] = OfRmsNorm,
        [nameof(Rope)] = OfRope,
        [nameof(Scale)] = OfScale,
        [nameof(SwiGlu)] = OfSwiGlu,
        [nameof(TimeStep)] = OfTimeStep,
        [nameof(Xielu)] = OfXielu,
    };

    static OpRun OfAdd(Compute compute, int length, int rows, Func<Random, float> value)
    {
        using var y = new Matrix2(compute, rows, length, value, 1);
        using var x = new Matrix2(compute, rows, length, value, 2);
        using var bias = new Matrix2(compute, 1, length, value, 3);
        var expected = y.Map((row, i, old) => (float)(old + x[row, i]) + bias[0, i]);
        var allocated = Allocated(() =>
        {
            Add.Forward(y.Tensor, x.Tensor);
            Add.Bias(y.Tensor, bias.Tensor.Row(0));
        });
        return new(y.Current(), expected, allocated);
    }

    static OpRun OfRmsNorm(Compute compute, int length, int rows, Func<Random, float> value)
    {
        const double Epsilon = 1e-5f;
        using var x = new Matrix2(compute, rows, 2 * length, value, 1);   // two heads
        using var weight = new Matrix2(compute, 1, length, value, 2);
        var squares = new double[rows * 2];
        x.Map((row, i, old) => squares[(row * 2) + (i / length)] += old * old);
        var expected = x.Map((row, i, old) => old / Math.Sqrt((squares[(row * 2) + (i / length)] / length) + Epsilon) * weight[0, i % length]);
        return Rented(() => RmsNorm.Forward(x.Tensor, weight.Tensor.Row(0), (float)Epsilon), expected);
    }

    static OpRun OfSwiGlu(Compute compute, int length, int rows, Func<Random, float> value)
    {
        using var x = new Matrix2(compute, rows, 2 * length, value, 1);
        var expected = new double[rows * length];
        for (var i = 0; i < expected.Length; i++)
        {
            var (gate, up) = (x[i / length, i % length], x[i / length, length + (i % length)]);
            expected[i] = gate / (1 + Math.Exp(-gate)) * up;
        }

        return Rented(() => SwiGlu.Forward(x.Tensor), expected);
    }

    /// <summary>Heads of 2 * length + 3, of which 2 * length turn; the first head in adjacent pairs, then all in halves.</summary>
    static OpRun OfRope(Compute compute, int length, int rows, Func<Random, float> value)
    {
        var dim = (2 * length) + 3;
        using var x = new Matrix2(compute, rows, 2 * dim, value, 1);
        var positions = Enumerable.Range(0, rows).Select(row => row * 37).ToArray();
        var frequencies = Enumerable.Range(0, length).Select(i => Math.Pow(10000, -(double)i / length)).ToArray();
        var values = x.Map((_, _, old) => old);
        foreach (var pairing in (RopePairing[])[RopePairing.Adjacent, RopePairing.Halves])
        {
            for (var turn = 0; turn < rows * 2 * length; turn++)
            {
                var (start, i) = (turn / length * dim, turn % length);
                var (a, b) = pairing == RopePairing.Adjacent ? (start + (2 * i), start + (2 * i) + 1) : (start + i, start + length + i);
                var (sin, cos) = Math.SinCos(positions[start / (2 * dim)] * frequencies[i]);
                (values[a], values[b]) = ((values[a] * cos) - (values[b] * sin), (values[a] * sin) + (values[b] * cos));
            }
        }

        var allocated = Allocated(() =>
        {
            var rotations = Rope.Rotations(compute, positions, frequencies, 1);
            Rope.Rotate(x.Tensor, dim, rotations, RopePairing.Adjacent);
            Rope.Rotate(x.Tensor, dim, rotations, RopePairing.Halves);
        });
        return new(x.Current(), values, allocated);
    }

    /// <summary>Heads of <paramref name="length"/>, two sharing one of keys and values.</summary>
    static OpRun OfAttention(Compute compute, int length, int rows, Func<Random, float> value)
    {
        if (length == 0) return new([], [], 0);
        var scale = (float)(1 / Math.Sqrt(length));
        using var q = new Matrix2(compute, rows, 2 * length, value, 1);
        using var k = new Matrix2(compute, rows, length, value, 2);
        using var v = new Matrix2(compute, rows, length, value, 3);
        var expected = new double[rows * 2 * length];
        for (var i = 0; i < rows * 2; i++)
        {
            var (row, head) = (i / 2, i % 2 * length);
            var scores = Enumerable.Range(0, row + 1).Select(p => scale * Enumerable.Range(0, length).Sum(d => q[row, head + d] * k[p, d])).ToArray();
            var largest = scores.Any(double.IsNaN) ? double.NaN : scores.Max();
            var weights = scores.Select(s => Math.Exp(s - largest)).ToArray();
            for (var d = 0; d < length; d++)
                expected[(i * length) + d] = Enumerable.Range(0, row + 1).Sum(p => weights[p] * v[p, d]) / weights.Sum();
        }

        using var pages = new KvPages((rows + KvPages.PageSize - 1) / KvPages.PageSize, 1, length, KvType.F32);
        var ragged = new RaggedRows();
        ragged.Add(rows, 0, [.. Enumerable.Range(0, pages.Pages).Reverse()]);
        return Rented(() => Attention.Forward(q.Tensor, k.Tensor, v.Tensor, pages, ragged, new(2, 1, length)), expected);
    }

    /// <summary>Two keys a row of two heads; what is compared are the scores of the chosen ones, the largest first.</summary>
    static OpRun OfChooseKeys(Compute compute, int length, int rows, Func<Random, float> value)
    {
        if (length == 0) return new([], [], 0);
        using var q = new Matrix2(compute, rows, 2 * length, value, 1);
        using var k = new Matrix2(compute, rows, length, value, 2);
        using var weights = new Matrix2(compute, rows, 2, value, 3);
        using var pages = new KvPages((rows + KvPages.PageSize - 1) / KvPages.PageSize, new KvEntry(1, length, 0), KvType.F32);
        var (ragged, options, choice) = (new RaggedRows(), new IndexerOptions(2, 2), new KeyChoice());
        ragged.Add(rows, 0, [.. Enumerable.Range(0, pages.Pages).Reverse()]);
        Attention.Keep(k.Tensor, default, pages, ragged);
        Assert.NotNull(ChooseKeys.Forward(q.Tensor, weights.Tensor, pages, ragged, options, choice));     // grows the lists
        var allocated = Allocated(() => ChooseKeys.Forward(q.Tensor, weights.Tensor, pages, ragged, options, choice));
        var (expected, actual) = (new List<double>(), new List<float>());
        for (var row = 0; row < rows; row++)
        {
            expected.AddRange(Enumerable.Range(0, row + 1).Select(p => Score(row, p)).OrderByDescending(Rank).Take(2));
            actual.AddRange(choice[row].ToArray().Select(p => (float)Score(row, p)).OrderByDescending(score => Rank(score)));
        }

        return new([.. actual], [.. expected], allocated);

        double Score(int row, int p) => Enumerable.Range(0, 2).Sum(head => weights[row, head] * Math.Max(0, Enumerable.Range(0, length).Sum(d => q[row, (head * length) + d] * k[p, d])));

        static double Rank(double score) => double.IsNaN(score) ? double.PositiveInfinity : Math.Min(score, double.MaxValue);
    }

    static OpRun OfTimeStep(Compute compute, int length, int rows, Func<Random, float> value)
    {
        using var x = new Matrix2(compute, rows, length, value, 1);
        using var bias = new Matrix2(compute, 1, length, value, 2);
        var expected = x.Map((row, i, old) => (float)(old + bias[0, i])).Select(sum => Math.Max(0, sum) + Math.Log(1 + Math.Exp(-Math.Abs(sum)))).ToArray();
        return Rented(() => TimeStep.Forward(x.Tensor, bias.Tensor.Row(0)), expected);
    }

    /// <summary>A width of 3 from a state of zeros.</summary>
    static OpRun OfCausalConvolution(Compute compute, int length, int rows, Func<Random, float> value)
    {
        if (length == 0) return new([], [], 0);
        using var x = new Matrix2(compute, rows, length, value, 1);
        using var weight = new Matrix2(compute, 3, length, value, 2);
        using var slots = new StateSlots(1, 2 * length);
        var weights = weight.Current();
        var ragged = new RaggedRows();
        ragged.Add(rows, 0, [], 0);
        var expected = x.Map((row, i, _) => Enumerable.Range(0, 3).Sum(j => weight[j, i] * (row + j >= 2 ? x[row + j - 2, i] : 0)));
        return Rented(() => CausalConvolution.Forward(x.Tensor, weights, [], silu: false, new(slots, 0, 2 * length), ragged), expected);
    }

    /// <summary>Windows of 3 rows that take in those before them, with gates and biases.</summary>
    static OpRun OfPoolWindows(Compute compute, int length, int rows, Func<Random, float> value)
    {
        if (length == 0) return new([], [], 0);
        const int Window = 3;
        var options = new PoolOptions(Window, Overlaps: true);
        using var x = new Matrix2(compute, rows + 4, 2 * length, value, 1);
        using var gates = new Matrix2(compute, rows + 4, 2 * length, value, 2);
        using var bias = new Matrix2(compute, Window, 2 * length, value, 3);
        using var slots = new StateSlots(1, PoolWindows.StateFloats(length, options));
        var biases = bias.Current();
        var ragged = new RaggedRows();
        ragged.Add(rows + 4, 0, [], 0);
        var expected = new double[(rows + 4) / Window * length];
        for (var i = 0; i < expected.Length; i++)
        {
            var (first, channel) = (i / length * Window, i % length);
            var series = Enumerable.Range(first, Window).Select(row => (row, column: length + channel));
            if (first > 0) series = series.Concat(Enumerable.Range(first - Window, Window).Select(row => (row, column: channel)));
            var (scores, places) = (series.Select(s => (double)(gates[s.row, s.column] + bias[s.row % Window, s.column])).ToArray(), series.ToArray());
            var largest = scores.Any(double.IsNaN) ? double.NaN : scores.Max();
            var weights = scores.Select(score => Math.Exp(score - largest)).ToArray();
            expected[i] = weights.Select((weight, j) => weight * x[places[j].row, places[j].column]).Sum() / weights.Sum();
        }

        return Rented(() => PoolWindows.Forward(x.Tensor, gates.Tensor, biases, options, new(slots, 0, PoolWindows.StateFloats(length, options)), ragged), expected);
    }

    /// <summary>One head, keys of 3 numbers and values of <paramref name="length"/>, the delta rule from a state of zeros.</summary>
    static OpRun OfLinearRecurrence(Compute compute, int length, int rows, Func<Random, float> value)
    {
        if (length == 0) return new([], [], 0);
        using var q = new Matrix2(compute, rows, 3, value, 1);
        using var k = new Matrix2(compute, rows, 3, random => Math.Clamp(random.NextSingle() - 0.5f, -1, 1), 2);
        using var v = new Matrix2(compute, rows, length, value, 3);
        using var slots = new StateSlots(1, 3 * length);
        var options = new RecurrenceOptions { Rates = [-0.5f], Delta = true };
        var (state, expected) = (new double[3, length], new double[rows * length]);
        for (var row = 0; row < rows; row++)
        {
            for (var i = 0; i < length; i++)
            {
                var answer = Enumerable.Range(0, 3).Sum(d => k[row, d] * (state[d, i] *= Math.Exp(-0.5)));
                for (var d = 0; d < 3; d++) expected[(row * length) + i] += q[row, d] * (state[d, i] += k[row, d] * (v[row, i] - answer));
            }
        }

        var ragged = new RaggedRows();
        ragged.Add(rows, 0, [], 0);
        return Rented(() => LinearRecurrence.Forward(q.Tensor, k.Tensor, v.Tensor, null, null, new(slots, 0, 3 * length), ragged, new(1, 1, 3, length), options), expected);
    }

    static OpRun OfMatMul(Compute compute, int length, int rows, Func<Random, float> value)
    {
        if (length == 0) return new([], [], 0);
        using var x = new Matrix2(compute, rows, length, value, 1);
        using var w = new Matrix2(compute, 5, length, value, 2);
        var expected = new double[rows * 5];
        for (var i = 0; i < expected.Length; i++) expected[i] = Enumerable.Range(0, length).Sum(c => x[i / 5, c] * w[i % 5, c]);
        var matrix = new Matrix(w.Weight);
        return Rented(() => MatMul.Forward(x.Tensor, matrix), expected);
    }

    static OpRun OfEmbedding(Compute compute, int length, int rows, Func<Random, float> value)
    {
        using var table = new Matrix2(compute, 7, length, value, 1);
        var ids = Enumerable.Range(0, rows).Select(row => row * 5 % 7).ToArray();
        var expected = new double[rows * length];
        for (var i = 0; i < expected.Length; i++) expected[i] = table[ids[i / length], i % length];
        return Rented(() => Embedding.Forward(compute, table.Weight, ids), expected);
    }

    static OpRun Rented(Func<Tensor> forward, double[] expected)
    {
        var y = default(Tensor);
        var allocated = Allocated(() => y = forward());
        var actual = new float[y.Rows * y.Columns];
        for (var row = 0; row < y.Rows; row++) y.Row(row).CopyTo(actual.AsSpan(row * y.Columns));
        return new(actual, expected, allocated);
    }

    static long Allocated(Action call)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        call();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    /// <summary>A matrix in guarded memory, and what it was filled with.</summary>
    sealed class Matrix2 : IDisposable
    {
        readonly GuardedMemory memory;
        readonly float[] values;

        public Matrix2(Compute compute, int rows, int columns, Func<Random, float> value, int seed)
        {
            var random = new Random(seed);
            values = [.. Enumerable.Range(0, rows * columns).Select(_ => value(random))];
            memory = new GuardedMemory(values.Length);
            values.CopyTo(new Span<float>(memory.Data, values.Length));
            Tensor = new(compute, memory.Data, rows, columns, columns);
        }

        public Tensor Tensor { get; }

        public Tensor Row(int row) => new(Tensor.Compute, memory.Data + (row * Tensor.Columns), 1, Tensor.Columns, Tensor.Columns);

        public Weight Weight => new(TensorType.F32, Tensor.Rows, Tensor.Columns, (byte*)memory.Data);

        public double this[int row, int column] => values[(row * Tensor.Columns) + column];

        public double[] Map(Func<int, int, double, double> function)
            => [.. values.Select((value, i) => function(i / Tensor.Columns, i % Tensor.Columns, value))];

        public float[] Current() => new ReadOnlySpan<float>(memory.Data, values.Length).ToArray();

        public void Dispose()
        {
            memory.Check();
            memory.Dispose();
        }
    }
}
